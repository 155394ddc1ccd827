"""The files of an issued certificate, as the registration authority hands them over."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates

from issuance.models import Certificate


@dataclass(frozen=True, slots=True)
class Deliverables:
    """``chain_pem`` goes from the certificate over the issuing CA to the root; ``root_pem`` and
    ``issuing_ca_pem`` are its parts; ``p7b`` holds all three (DER).
    """

    der: bytes
    pem: bytes
    chain_pem: bytes
    issuing_ca_pem: bytes
    root_pem: bytes
    p7b: bytes


def deliverables(certificate: Certificate) -> Deliverables:
    """Every form the certificate is handed over in; the bytes are those that were stored."""
    chain = [
        x509.load_der_x509_certificate(bytes(certificate.der)),
        certificate.issuing_ca.certificate,
        certificate.issuing_ca.root,
    ]
    pem, issuing_ca, root = (each.public_bytes(Encoding.PEM) for each in chain)
    return Deliverables(
        der=bytes(certificate.der),
        pem=pem,
        chain_pem=pem + issuing_ca + root,
        issuing_ca_pem=issuing_ca,
        root_pem=root,
        p7b=serialize_certificates(chain, Encoding.DER),
    )
