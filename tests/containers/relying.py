"""Relying parties, who ask for the status of a certificate at the addresses in it."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.containers.service import Service


@dataclass(frozen=True)
class Asked:
    """A certificate, the address of its responder, and the question in DER."""

    certificate: x509.Certificate
    responder: str
    question: bytes

    @classmethod
    def about(cls, service: Service, der: bytes) -> "Asked":
        """Fetch the CA's certificate from where the certificate says it is."""
        certificate = x509.load_der_x509_certificate(der)
        told = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
        places = {one.access_method: one.access_location.value for one in told.value}
        issuer = service.fetch(places[AuthorityInformationAccessOID.CA_ISSUERS]).body
        ca = x509.load_der_x509_certificate(issuer)
        asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, ca, SHA1()).build()
        question = asked.public_bytes(Encoding.DER)
        return cls(certificate, places[AuthorityInformationAccessOID.OCSP], question)

    def by_get(self, service: Service) -> ocsp.OCSPCertStatus:
        """Ask with the question in the address."""
        in_path = quote(b64encode(self.question), safe="")
        answer = service.fetch(f"{self.responder}/{in_path}")
        return ocsp.load_der_ocsp_response(answer.body).certificate_status

    def by_post(self, service: Service, folder: Path) -> ocsp.OCSPCertStatus:
        """Ask with the question in the body."""
        file = folder / f"{self.certificate.serial_number:x}.req"
        file.write_bytes(self.question)
        options = ["-H", "Content-Type: application/ocsp-request", "--data-binary", f"@{file}"]
        answer = service.fetch(self.responder, *options)
        return ocsp.load_der_ocsp_response(answer.body).certificate_status
