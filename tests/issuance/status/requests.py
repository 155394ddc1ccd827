"""OCSP requests."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as library

from issuance.authority import ocsp
from issuance.der import write

ALGORITHMS = {
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def request(
    issuer: x509.Certificate, serial: int, algorithm: str = "sha1", nonce: bytes = b""
) -> bytes:
    names = ocsp.Names(issuer)
    builder = library.OCSPRequestBuilder().add_certificate_by_hash(
        *names.hashes(algorithm), serial, ALGORITHMS[algorithm]
    )
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def wrapped(*requests: bytes, extensions: bytes = b"") -> bytes:
    return write.sequence(write.sequence(write.sequence(*requests), extensions))


def one(issuer: x509.Certificate, serial: int) -> bytes:
    return write.sequence(ocsp.Names(issuer).cert_id("sha1", serial))
