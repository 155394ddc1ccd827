"""The files of an issued certificate that the registration authority delivers."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates

from issuance.models import Certificate


@dataclass(frozen=True, slots=True)
class Deliverables:
    """A certificate in every delivered format.

    ``chain_pem`` holds the certificate, the issuing CA and the root in this order, ``ca_pem`` the
    last two; ``p7b`` is PKCS#7 (DER) of all three.
    """

    der: bytes
    pem: bytes
    chain_pem: bytes
    ca_pem: bytes
    p7b: bytes


def deliverables(certificate: Certificate) -> Deliverables:
    """The certificate in every delivered format, made from the stored DER."""
    chain = [
        x509.load_der_x509_certificate(bytes(certificate.der)),
        certificate.issuing_ca.certificate,
        certificate.issuing_ca.root,
    ]
    pems = [each.public_bytes(Encoding.PEM) for each in chain]
    return Deliverables(
        der=bytes(certificate.der),
        pem=pems[0],
        chain_pem=b"".join(pems),
        ca_pem=b"".join(pems[1:]),
        p7b=serialize_certificates(chain, Encoding.DER),
    )
