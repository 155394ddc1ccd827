"""Private keys as files of many forms, and keys and signatures from given numbers."""

import base64
import hashlib
import io
import zipfile

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from issuance.der.write import sequence, tlv
from issuance.keys.curves import Curve
from tests.issuance.csr.builder import Parts, oid

PLAIN: KeySerializationEncryption = NoEncryption()
LOCKED = BestAvailableEncryption(b"salasana")
TRADITIONAL, PKCS8, SSH = (
    PrivateFormat.TraditionalOpenSSL,
    PrivateFormat.PKCS8,
    PrivateFormat.OpenSSH,
)


def dump(
    key: PrivateKeyTypes,
    encoding: Encoding = Encoding.PEM,
    form: PrivateFormat = PKCS8,
    lock: KeySerializationEncryption = PLAIN,
) -> bytes:
    """The key as a file; by default PKCS#8 in PEM without a password."""
    return key.private_bytes(encoding, form, lock)


def jwk(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """A JSON Web Key (RFC 7518), with the names that .NET has too."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        scalar = key.private_numbers().private_value
        return {"kty": "EC", "crv": "P-256", "d": b64url(scalar)}
    numbers = key.private_numbers()
    public = numbers.public_numbers
    names = {"n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q}
    return {"kty": "RSA"} | {name: b64url(number) for name, number in names.items()}


def octets(number: int) -> bytes:
    """The number as DER writes it: with a zero bit first."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def b64url(number: int) -> str:
    """The number as a JSON Web Key writes it."""
    return base64.urlsafe_b64encode(octets(number)).decode().rstrip("=")


def putty(kind: str, public: list[bytes], private: list[bytes]) -> bytes:
    """A PuTTY file without a password, without its checksum."""
    lines = [f"PuTTY-User-Key-File-3: {kind}", "Encryption: none", "Comment: malli"]
    for name, strings in (("Public-Lines", [kind.encode(), *public]), ("Private-Lines", private)):
        data = b"".join(len(one).to_bytes(4) + one for one in strings)
        body = base64.encodebytes(data).decode().splitlines()
        lines += [f"{name}: {len(body)}", *body]
    return "\r\n".join(lines).encode()


def putty_rsa(key: rsa.RSAPrivateKey) -> bytes:
    """An RSA key as PuTTY writes it."""
    numbers = key.private_numbers()
    public = numbers.public_numbers
    return putty(
        "ssh-rsa",
        [octets(public.e), octets(public.n)],
        [octets(numbers.d), octets(numbers.p), octets(numbers.q), b"\x01"],
    )


def xml(key: rsa.RSAPrivateKey) -> bytes:
    """An RSA key as XML Signature writes it."""
    named = jwk(key)
    names = {"Modulus": "n", "Exponent": "e", "P": "p", "Q": "q", "D": "d"}
    parts = (
        f"<{name}>{named[short].replace('-', '+').replace('_', '/')}</{name}>"
        for name, short in names.items()
    )
    return f"<RSAKeyValue>{''.join(parts)}</RSAKeyValue>".encode()


def zipped(**files: bytes) -> bytes:
    """A ZIP archive of files by name."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, data in files.items():
            writer.writestr(name, data)
    return archive.getvalue()


def mailed(data: bytes) -> bytes:
    """A mail whose content is the data in base64."""
    head = b"From: matti@mallisairaala.fi\r\nMIME-Version: 1.0\r\n"
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data)


def key_of(curve: Curve, scalar: int) -> ec.EllipticCurvePrivateKey:
    """The private key with this scalar, modulo the order of the generator."""
    return ec.derive_private_key(scalar % curve.n, curve.library)


def drawn(curve: Curve) -> ec.EllipticCurvePrivateKey:
    """A random key whose scalar begins with no zero octet: much shorter digits are no key."""
    while True:
        key = ec.generate_private_key(curve.library)
        if key.private_numbers().private_value.bit_length() > 8 * (curve.octets - 1):
            return key


def signed_with(
    curve: Curve, scalar: int, nonce: int, digest: hashes.HashAlgorithm | None = None
) -> bytes:
    """A request whose ECDSA signature was made with this nonce."""
    digest = digest or hashes.SHA256()
    last = {"sha256": 2, "sha384": 3, "sha512": 4}[digest.name]
    parts = Parts(
        key=key_of(curve, scalar),
        algorithm=sequence(oid(f"1.2.840.10045.4.3.{last}")),
        signature=b"",
    )
    info = parts.info()
    hashed = int.from_bytes(hashlib.new(digest.name, info).digest()[: curve.octets])
    r = key_of(curve, nonce).public_key().public_numbers().x % curve.n
    s = pow(nonce, -1, curve.n) * (hashed + r * scalar) % curve.n
    bits = tlv(0x03, b"\0", encode_dss_signature(r, s))
    return sequence(info, parts.algorithm or b"", bits)
