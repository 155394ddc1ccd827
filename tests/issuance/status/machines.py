"""The signer's machine and another one that share a store."""

from datetime import datetime
from pathlib import Path

from cryptography.x509 import ocsp as library
from django.core.files.storage import storages
from pytest_django import Settings

from certportal.foundation.actors import system
from issuance import services
from issuance.models import Certificate
from issuance.publication import front, ocsp_packs
from issuance.publication.shared.fetching import Fetcher
from issuance.publication.shared.sending import Sender
from issuance.services.status.publish_ocsp import publish_response_with

STEM, OTHER = "sote-ec-1", "sote-rsa-1"
TEST = system("test")
FILES = (f"/crl/{STEM}.crl", f"/ca/{STEM}.crt", f"/ca/{STEM}.pem", f"/ca/{STEM}.p7c")


class Machines:
    """The signer's machine and another one, each with files of its own."""

    def __init__(self, settings: Settings, second: Path) -> None:
        self._settings = settings
        self.first, self.second = Path(settings.PORTAL_DATA), second
        self.sender, self.fetcher = Sender(storages["published"]), Fetcher(storages["published"])

    def on(self, data: Path) -> None:
        """Work on this machine from now on."""
        self._settings.PORTAL_DATA = data

    def send(self, now: datetime) -> bool:
        """Do one round beside the signer."""
        self.on(self.first)
        return self.sender.round(now=now)

    def fetch(self, now: datetime) -> bool:
        """Do one round on the other machine, and stay there."""
        self.on(self.second)
        return self.fetcher.round(now=now)

    def carry(self, now: datetime) -> None:
        """Bring everything over, and stay on the other machine."""
        assert self.send(now)
        assert self.fetch(now)


def get(path: str) -> tuple[str, bytes]:
    """Ask the front of the machine that is worked on."""
    answered = front.answer({"REQUEST_METHOD": "GET", "PATH_INFO": path})
    assert answered is not None
    return answered.status, b"".join(answered.body)


def status_of(certificate: Certificate) -> library.OCSPCertStatus | None:
    """What the machine's front says of a certificate from what was signed ahead."""
    serial = int(certificate.serial, 16)
    pack = ocsp_packs.find(certificate.issuing_ca.stem, serial)
    found = pack.find("sha256", serial) if pack else None
    return library.load_der_ocsp_response(found.der).certificate_status if found else None


def revoke(machines: Machines, certificate: Certificate, now: datetime) -> None:
    """Revoke on the signer's machine, and publish it there."""
    machines.on(machines.first)
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    services.publish_crl_with(certificate.pk, now=now)
    publish_response_with(certificate.pk, now=now)
