"""Requests built part by part, so that each test can bend one part and keep the rest right."""

import base64
from dataclasses import dataclass, field, replace
from functools import cache
from math import gcd
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ObjectIdentifier

from issuance.csr import Report, examine
from issuance.der.write import integer, object_identifier, sequence, tlv

OIDS = {
    "C": "2.5.4.6",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "CN": "2.5.4.3",
    "serialNumber": "2.5.4.5",
    "L": "2.5.4.7",
    "emailAddress": "1.2.840.113549.1.9.1",
}
UTF8, PRINTABLE, IA5, TELETEX, BMP = 0x0C, 0x13, 0x16, 0x14, 0x1E
DNS, EMAIL, URI, IP = 0x82, 0x81, 0x86, 0x87
HOST = "resepti.mallisairaala.fi"
SHA256_RSA, SHA256_EC = "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key of each size for the whole run."""
    return rsa.generate_private_key(65537, bits)


def rsa_key_with(least: int) -> rsa.RSAPrivateKey:
    """The key with the same primes and the first exponent from ``least`` on that goes with them."""
    own = rsa_key().private_numbers()
    totient = (own.p - 1) * (own.q - 1)
    exponent = next(e for e in range(least | 1, least + 1000, 2) if gcd(e, totient) == 1)
    d = pow(exponent, -1, totient)
    public = rsa.RSAPublicNumbers(exponent, own.p * own.q)
    parts = (d, d % (own.p - 1), d % (own.q - 1), pow(own.q, -1, own.p))
    return rsa.RSAPrivateNumbers(own.p, own.q, *parts, public).private_key()


@cache
def ec_key(curve: str = "P-256") -> ec.EllipticCurvePrivateKey:
    """One key on each curve for the whole run."""
    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    return ec.generate_private_key(curves[curve])


def spki_of(key: Any) -> bytes:
    """DER SubjectPublicKeyInfo."""
    public: PublicKeyTypes = key.public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def rsa_spki(modulus: int, exponent: int = 65537) -> bytes:
    """An RSA key of any numbers, negative ones included."""
    numbers = sequence(_integer(modulus), _integer(exponent))
    algorithm = sequence(oid("1.2.840.113549.1.1.1"), tlv(0x05))
    return sequence(algorithm, tlv(0x03, b"\0", numbers))


def _integer(value: int) -> bytes:
    if value >= 0:
        return integer(value)
    return tlv(0x02, value.to_bytes((8 + value.bit_length()) // 8, signed=True))


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER from dotted form."""
    return object_identifier(ObjectIdentifier(dotted))


def attribute(label: str, value: str | bytes, tag: int | None = None) -> bytes:
    """AttributeTypeAndValue; text is UTF-8 unless ``tag`` says otherwise."""
    tag = tag or (PRINTABLE if label in ("C", "serialNumber") else UTF8)
    tag = IA5 if label == "emailAddress" and tag == UTF8 else tag
    octets = value.encode() if isinstance(value, str) else value
    return sequence(oid(OIDS.get(label, label)), tlv(tag, octets))


def name(*attributes: bytes) -> bytes:
    """Name with one attribute in each RDN."""
    return sequence(*(tlv(0x31, part) for part in attributes))


def extension(dotted: str, value: bytes, *, critical: bool | bytes = False) -> bytes:
    """Extension; ``critical`` may be the encoded BOOLEAN itself."""
    flag = critical if isinstance(critical, bytes) else (b"\x01\x01\xff" if critical else b"")
    return sequence(oid(dotted), flag, tlv(0x04, value))


def alt_names(*names: tuple[int, str | bytes]) -> bytes:
    """subjectAltName with names given as tag and text or octets."""
    parts = (tlv(tag, n.encode("latin-1") if isinstance(n, str) else n) for tag, n in names)
    return extension("2.5.29.17", sequence(*parts))


def extension_request(*extensions: bytes, dotted: str = "1.2.840.113549.1.9.14") -> bytes:
    """The attribute that asks for extensions."""
    return sequence(oid(dotted), tlv(0x31, sequence(*extensions)))


RIGHT_NAME = name(attribute("C", "FI"), attribute("O", "Mallisairaala Oy"), attribute("CN", HOST))


@dataclass(frozen=True)
class Parts:
    """The parts of a request; the defaults make a faultless one under a P-256 key."""

    key: Any = field(default_factory=ec_key)
    subject: bytes = RIGHT_NAME
    extensions: tuple[bytes, ...] = (alt_names((DNS, HOST)),)
    attributes: tuple[bytes, ...] | None = None
    version: bytes = integer(0)
    spki: bytes | None = None
    algorithm: bytes | None = None
    signature: bytes | None = None
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)

    def info(self) -> bytes:
        """CertificationRequestInfo."""
        attributes = self.attributes
        if attributes is None:
            attributes = (extension_request(*self.extensions),) if self.extensions else ()
        spki = self.spki or spki_of(self.key)
        return sequence(self.version, self.subject, spki, tlv(0xA0, *attributes))

    def der(self) -> bytes:
        """The signed request."""
        info = self.info()
        bits = tlv(0x03, b"\0", self.sign(info)) if self.signature is None else self.signature
        return sequence(info, self.algorithm or self._algorithm(), bits)

    def _algorithm(self) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return sequence(oid(SHA256_RSA), tlv(0x05))
        return sequence(oid(SHA256_EC))

    def sign(self, info: bytes) -> bytes:
        """The signature over ``info``."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(info, padding.PKCS1v15(), self.digest)
        assert isinstance(self.key, ec.EllipticCurvePrivateKey)
        return self.key.sign(info, ec.ECDSA(self.digest))


GOOD = Parts()


def request(**parts: Any) -> bytes:
    """DER of a request that is right but for ``parts``."""
    return replace(GOOD, **parts).der()


def pem(der: bytes, label: str = "CERTIFICATE REQUEST", *, columns: int = 64) -> str:
    """PEM as OpenSSL writes it."""
    text = base64.b64encode(der).decode()
    lines = [text[at : at + columns] for at in range(0, len(text), columns)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def rules(report: Report) -> list[str]:
    """The ids of the errors found."""
    return [finding.rule for finding in report.errors]


def errors(data: bytes | str | None = None, **parts: Any) -> list[str]:
    """The ids of the errors of a file, or of a request that is right but for ``parts``."""
    if isinstance(data, str):
        data = data.encode()
    return rules(examine(request(**parts) if data is None else data))


def all_rules(data: bytes | str | None = None, **parts: Any) -> list[str]:
    """The ids of all findings, warnings and notes included."""
    if isinstance(data, str):
        data = data.encode()
    found = examine(request(**parts) if data is None else data).findings
    return [finding.rule for finding in found]
