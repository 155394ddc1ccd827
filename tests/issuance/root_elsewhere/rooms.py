"""The room of the service and that of the root, and what is carried between them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from cryptography import x509
from django.core.management import call_command

from issuance.models import IssuingCA
from issuance.services.ceremony.ceremony_record import sha256_of

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)
EC = ("--environment=production", "--branch=ec")


@dataclass
class Rooms:
    """The service's directory of keys and the disk that goes into the safe."""

    service: Path
    safe: Path
    files: Path

    def create(self, *arguments: str) -> str:
        return call("create_ca", *EC, *arguments, "--rsa-bits=2048", *self.root)

    @property
    def root(self) -> tuple[str, ...]:
        phrase = self.files / "passphrase"
        return (f"--root-keys={self.safe}", f"--root-passphrase-file={phrase}")

    def request(self) -> Path:
        out = self.files / "request.pem"
        call("request_issuing_ca", *EC, f"--out={out}")
        return out

    def sign(self, request: Path) -> Path:
        out = self.files / "chain.pem"
        call("sign_issuing_ca", str(request), f"--out={out}", *self.root)
        return out

    def root_list(self, *arguments: str, name: str = "root.crl") -> Path:
        out = self.files / name
        call("sign_root_crl", *EC, f"--out={out}", *self.root, *arguments)
        return out

    def second_generation(self) -> None:
        call("install_issuing_ca", str(self.sign(self.request())))


def call(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def states() -> dict[str, str]:
    return dict(IssuingCA.objects.values_list("stem", "state"))


def root_fingerprint(pem: str) -> str:
    return sha256_of(x509.load_pem_x509_certificates(pem.encode())[-1])
