"""Certificate requests made with a key that the caller keeps."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def request(key: ec.EllipticCurvePrivateKey, *names: str) -> bytes:
    """Return a PEM request for these host names; the first one is also the common name."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    hosts = x509.SubjectAlternativeName([x509.DNSName(name.lower()) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    csr = builder.add_extension(hosts, critical=False).sign(key, hashes.SHA256())
    return csr.public_bytes(Encoding.PEM)
