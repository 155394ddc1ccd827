"""A prepared certificate as text, in the layout of ``openssl x509 -text``. Pure.

It is made from the exact bytes to be signed, so a reviewer reads what they approve.
"""

from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from issuance.certificate.names import short
from issuance.der.read import read
from issuance.der.write import sequence, tlv

_CURVES = {"secp256r1": ("prime256v1", "P-256"), "secp384r1": ("secp384r1", "P-384")}
_USAGES = {
    "digital_signature": "Digital Signature",
    "content_commitment": "Non Repudiation",
    "key_encipherment": "Key Encipherment",
    "data_encipherment": "Data Encipherment",
    "key_agreement": "Key Agreement",
    "key_cert_sign": "Certificate Sign",
    "crl_sign": "CRL Sign",
}
_PURPOSES = {
    "serverAuth": "TLS Web Server Authentication",
    "clientAuth": "TLS Web Client Authentication",
}
_TITLES = {
    "authorityKeyIdentifier": "X509v3 Authority Key Identifier",
    "subjectKeyIdentifier": "X509v3 Subject Key Identifier",
    "keyUsage": "X509v3 Key Usage",
    "certificatePolicies": "X509v3 Certificate Policies",
    "basicConstraints": "X509v3 Basic Constraints",
    "cRLDistributionPoints": "X509v3 CRL Distribution Points",
    "authorityInfoAccess": "Authority Information Access",
    "extendedKeyUsage": "X509v3 Extended Key Usage",
    "subjectAltName": "X509v3 Subject Alternative Name",
}


def certificate_text(tbs: bytes) -> str:
    """A TBSCertificate (DER) as text, with every field and extension. Raises ValueError."""
    return "\n".join(_lines(_certificate(tbs)))


def _certificate(tbs: bytes) -> x509.Certificate:
    """The TBSCertificate wrapped as a certificate with an empty signature, for parsing."""
    _version, _serial, signed_with, *_others = read(tbs).children()
    return x509.load_der_x509_certificate(sequence(tbs, signed_with.encoded, tlv(0x03, b"\0\0")))


def _lines(certificate: x509.Certificate) -> Iterator[str]:
    serial = f"{certificate.serial_number:x}"
    yield "Certificate:"
    yield "    Data:"
    yield f"        Version: {certificate.version.value + 1} (0x{certificate.version.value:x})"
    yield "        Serial Number:"
    yield f"            {_colons(bytes.fromhex(serial.zfill(len(serial) + len(serial) % 2)))}"
    yield f"        Signature Algorithm: {certificate.signature_algorithm_oid._name}"
    yield f"        Issuer: {_name(certificate.issuer)}"
    yield "        Validity"
    yield f"            Not Before: {certificate.not_valid_before_utc:%b %e %H:%M:%S %Y} GMT"
    yield f"            Not After : {certificate.not_valid_after_utc:%b %e %H:%M:%S %Y} GMT"
    yield f"        Subject: {_name(certificate.subject)}"
    yield "        Subject Public Key Info:"
    yield from _key(certificate.public_key())
    yield "        X509v3 extensions:"
    for extension in certificate.extensions:
        title = _TITLES.get(extension.oid._name, extension.oid.dotted_string)
        yield f"            {title}:{' critical' if extension.critical else ''}"
        for line in _value(extension.value):
            yield f"                {line}" if line else ""


def _name(name: x509.Name) -> str:
    return ", ".join(f"{short(each)}={each.value!s}" for each in name)


def _key(key: Any) -> Iterator[str]:
    if isinstance(key, RSAPublicKey):
        numbers = key.public_numbers()
        yield "            Public Key Algorithm: rsaEncryption"
        yield f"                Public-Key: ({key.key_size} bit)"
        yield "                Modulus:"
        yield from _block(numbers.n.to_bytes(key.key_size // 8 + 1))
        yield f"                Exponent: {numbers.e} (0x{numbers.e:x})"
        return
    oid, curve = _CURVES[key.curve.name]
    yield "            Public Key Algorithm: id-ecPublicKey"
    yield f"                Public-Key: ({key.curve.key_size} bit)"
    yield "                pub:"
    yield from _block(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    yield f"                ASN1 OID: {oid}"
    yield f"                NIST CURVE: {curve}"


def _block(data: bytes) -> Iterator[str]:
    for at in range(0, len(data), 15):
        more = ":" if at + 15 < len(data) else ""
        yield f"                    {_colons(data[at : at + 15])}{more}"


def _colons(data: bytes) -> str:
    return data.hex(":")


def _value(value: Any) -> Iterator[str]:
    """The lines of an extension's value; for an unknown extension its DER in hexadecimal."""
    match value:
        case x509.AuthorityKeyIdentifier(key_identifier=bytes(identifier)):
            yield _colons(identifier).upper()
        case x509.SubjectKeyIdentifier():
            yield _colons(value.digest).upper()
        case x509.KeyUsage():
            yield ", ".join(text for name, text in _USAGES.items() if getattr(value, name))
        case x509.BasicConstraints():
            yield "CA:TRUE" if value.ca else "CA:FALSE"
        case x509.ExtendedKeyUsage():
            yield ", ".join(_PURPOSES.get(oid._name, oid.dotted_string) for oid in value)
        case x509.SubjectAlternativeName():
            yield ", ".join(map(_general_name, value))
        case x509.AuthorityInformationAccess():
            yield from map(_access, value)
        case x509.CRLDistributionPoints():
            yield from _points(value)
        case x509.CertificatePolicies():
            yield from _policies(value)
        case _:
            yield _colons(value.public_bytes())


def _general_name(name: x509.GeneralName) -> str:
    kinds = {x509.DNSName: "DNS", x509.RFC822Name: "email", x509.UniformResourceIdentifier: "URI"}
    return f"{kinds.get(type(name), type(name).__name__)}:{name.value}"


def _access(access: x509.AccessDescription) -> str:
    method = {"caIssuers": "CA Issuers"}.get(access.access_method._name, "OCSP")
    return f"{method} - {_general_name(access.access_location)}"


def _points(points: x509.CRLDistributionPoints) -> Iterator[str]:
    for point in points:
        yield "Full Name:"
        yield from (f"  {_general_name(name)}" for name in point.full_name or [])
        yield ""


def _policies(policies: x509.CertificatePolicies) -> Iterator[str]:
    for policy in policies:
        yield f"Policy: {policy.policy_identifier.dotted_string}"
        for qualifier in policy.policy_qualifiers or []:
            if isinstance(qualifier, str):
                yield f"  CPS: {qualifier}"
            else:
                yield "  User Notice:"
                yield f"    Explicit Text: {qualifier.explicit_text}"
