"""The root key leaves the service; what it signs is brought back and forth in files."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command
from pytest_django import Settings

from certportal.foundation import clock, own_files
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import signers
from issuance.authority import hierarchy
from issuance.authority.places import Place
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.publication import repository
from issuance.services.ceremony import register_ca
from issuance.services.ceremony.ceremony_record import sha256_of
from issuance.services.ceremony.root import certify, chain_pem
from issuance.services.signer import key_store, signer_for
from issuance.signers import protocol
from issuance.signers.file import KeyFiles
from tests.issuance.signers.softhsm import SoftToken
from tests.tables import unkept

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
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


@pytest.fixture(params=["file", "token"])
def rooms(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path, token: SoftToken
) -> Rooms:
    made = Rooms(tmp_path / "service", tmp_path / "safe", tmp_path / "files")
    made.files.mkdir()
    (made.files / "password").write_text("password of the service\n")
    (made.files / "passphrase").write_text("passphrase of the safe\n")
    settings.PORTAL_DATA = tmp_path / "data"
    settings.CA_KEYS_DIR = str(made.service)
    settings.CA_KEY_PASSWORD_FILE = str(made.files / "password")
    settings.ISSUANCE_SIGNER = {"BACKEND": "issuance.signers.file.KeyFiles"}
    if request.param == "token":
        backend = "issuance.signers.pkcs11.TokenKeys"
        settings.ISSUANCE_SIGNER = {"BACKEND": backend, "OPTIONS": token.options}
    signers.forget()
    return made


def states() -> dict[str, str]:
    return dict(IssuingCA.objects.values_list("stem", "state"))


def test_the_root_key_is_only_in_the_safe_and_the_service_signs_without_it(rooms: Rooms) -> None:
    rooms.create()
    assert [path.name for path in rooms.safe.glob("*.key")] == ["root-ec-1.key"]
    assert not list(rooms.service.glob("root*"))
    for path in rooms.safe.iterdir():
        path.unlink()
    signers.forget()
    ca = IssuingCA.objects.get()
    assert signer_for(ca).chain == (ca.certificate, ca.root)


def test_the_passphrase_of_the_safe_is_its_own(rooms: Rooms) -> None:
    rooms.create()
    (rooms.files / "passphrase").write_text("password of the service")
    with pytest.raises(CommandError, match="root-ec-1: ValueError"):
        rooms.root_list()


def test_a_next_generation_without_the_root_key_is_not_made(rooms: Rooms) -> None:
    rooms.create()
    with pytest.raises(CommandError, match="kept elsewhere"):
        call("create_ca", *EC, "--generation=2")
    assert states() == {"sote-ec-1": "active"}


def test_another_root_is_not_made_for_a_hierarchy_that_has_one(rooms: Rooms) -> None:
    rooms.create()
    other = Rooms(rooms.service, rooms.files / "another safe", rooms.files)
    with pytest.raises(CommandError, match="kept elsewhere"):
        other.create("--generation=2")


def test_a_next_generation_is_requested_certified_installed_and_started(rooms: Rooms) -> None:
    rooms.create()
    rooms.second_generation()
    assert states() == {"sote-ec-1": "active", "sote-ec-2": "standby"}
    assert repository.crl_number("sote-ec-2") > 0
    assert repository.chain_path("sote-ec-2").exists()
    call("start_generation", "sote-ec-2")
    assert states() == {"sote-ec-1": "retired", "sote-ec-2": "active"}
    ca = IssuingCA.objects.get(stem="sote-ec-2")
    assert signer_for(ca).chain == (ca.certificate, ca.root)
    actions = Event.objects.filter(object_id="sote-ec-2").values_list("action", flat=True)
    assert {"issuance.ca_registered", "issuance.ca_active"} <= set(actions)
    with pytest.raises(CommandError, match="only one on standby"):
        call("start_generation", "sote-ec-1")


def test_the_request_may_be_made_again_and_is_for_the_same_key(rooms: Rooms) -> None:
    rooms.create()
    first = x509.load_pem_x509_csr(rooms.request().read_bytes())
    (rooms.files / "request.pem").unlink()
    again = x509.load_pem_x509_csr(rooms.request().read_bytes())
    assert first.public_key() == again.public_key()
    waiting = key_store().pending("sote-ec-2")
    assert waiting is not None and waiting.public_key() == again.public_key()


def test_the_root_certifies_one_key_of_each_generation(rooms: Rooms, tmp_path: Path) -> None:
    rooms.create()
    rooms.second_generation()
    (rooms.files / "chain.pem").unlink()
    with pytest.raises(CommandError, match="was certified before"):
        rooms.sign(rooms.files / "request.pem")


@pytest.mark.parametrize(
    ("place", "curve", "fault"),
    [
        (Place("production", "ec", 2), ec.SECP256R1(), "256 bits"),
        (Place("production", "rsa", 2), ec.SECP384R1(), "another kind"),
        (Place("test", "ec", 2), ec.SECP384R1(), "root-test-ec-1 is not in"),
        (None, ec.SECP384R1(), "no CA of these settings"),
    ],
)
def test_what_the_root_does_not_certify(
    rooms: Rooms, place: Place | None, curve: ec.EllipticCurve, fault: str
) -> None:
    rooms.create()
    names = hierarchy.CaNames("Somebody Else Oy", None, "Some CA")
    der = hierarchy.request(ec.generate_private_key(curve), place.names(pki()) if place else names)
    request = rooms.files / "other.pem"
    request.write_bytes(x509.load_der_x509_csr(der).public_bytes(Encoding.PEM))
    with pytest.raises(CommandError, match=fault):
        rooms.sign(request)
    assert not (rooms.files / "chain.pem").exists()


def test_the_root_certifies_no_key_that_anybody_can_compute(rooms: Rooms) -> None:
    rooms.create()
    key = ec.derive_private_key(20261126, ec.SECP384R1())
    der = hierarchy.request(key, Place("production", "ec", 2).names(pki()))
    request = rooms.files / "other.pem"
    request.write_bytes(x509.load_der_x509_csr(der).public_bytes(Encoding.PEM))
    with pytest.raises(CommandError, match="found by others"):
        rooms.sign(request)
    assert not (rooms.files / "chain.pem").exists()


def test_a_chain_for_another_key_or_under_another_root_is_not_installed(rooms: Rooms) -> None:
    rooms.create()
    chain = rooms.sign(rooms.request())
    own = chain.read_text().partition("-----END CERTIFICATE-----\n")[0]
    foreign = hierarchy.make_root(
        protocol.make_key("ec"), Place("production", "ec").root_names(pki()), START, END
    ).chain[0]
    chain.write_bytes(
        own.encode() + b"-----END CERTIFICATE-----\n" + foreign.public_bytes(Encoding.PEM)
    )
    with pytest.raises(CommandError, match="root is not that of the hierarchy"):
        call("install_issuing_ca", str(chain))
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    root = KeyFiles(str(rooms.safe), password=b"passphrase of the safe").load("root-ec-1")
    chain.write_bytes(chain_pem(certify(Place("production", "ec", 2), other, root, now=START)))
    with pytest.raises(CommandError, match="not for the key that waits"):
        call("install_issuing_ca", str(chain))
    assert states() == {"sote-ec-1": "active"}


def test_the_root_of_a_hierarchy_new_here_is_told_by_its_fingerprint(rooms: Rooms) -> None:
    rooms.create()
    chain = rooms.sign(rooms.request())
    with unkept():
        IssuingCA.objects.all().delete()
    for wrong in ([], ["--root-sha256=00:11"]):
        with pytest.raises(CommandError, match="fingerprint"):
            call("install_issuing_ca", str(chain), *wrong)
    call("install_issuing_ca", str(chain), f"--root-sha256={root_fingerprint(chain.read_text())}")
    assert states() == {"sote-ec-2": "standby"}


def root_fingerprint(pem: str) -> str:
    return sha256_of(x509.load_pem_x509_certificates(pem.encode())[-1])


def test_the_root_renews_its_list_where_it_is_kept(rooms: Rooms) -> None:
    rooms.create()
    renewed = rooms.root_list()
    assert repository.crl_number("root-ec-1") == 1
    call("install_root_crl", str(renewed))
    assert repository.crl_number("root-ec-1") == 2
    with pytest.raises(CommandError, match="number 2 is not above 2"):
        call("install_root_crl", str(renewed))
    assert Event.objects.filter(action="issuance.root_crl", object_id="root-ec-1").count() == 1


def test_an_issuing_ca_on_its_roots_list_is_out_of_use_for_good(rooms: Rooms) -> None:
    rooms.create()
    certificate = repository.certificate_path("sote-ec-1")
    revoking = rooms.root_list(f"--revoke={certificate}", "--reason=ca_compromise")
    call("install_root_crl", str(revoking))
    assert states() == {"sote-ec-1": "revoked"}
    call("install_root_crl", str(rooms.root_list(name="next.crl")))
    (entry,) = x509.load_der_x509_crl(repository.crl_path("root-ec-1").read_bytes())
    assert entry.serial_number == IssuingCA.objects.get().certificate.serial_number
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason == x509.ReasonFlags.ca_compromise
    with pytest.raises(CommandError):
        call("start_generation", "sote-ec-1")
    with pytest.raises(CommandError):
        call("retire_ca", "sote-ec-1", "--no-input")


def test_a_list_that_cannot_be_written_marks_nothing_and_may_be_installed_again(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms.create()
    certificate = repository.certificate_path("sote-ec-1")
    revoking = rooms.root_list(f"--revoke={certificate}", "--reason=ca_compromise")
    replaced = own_files.replace

    def full(path: Path, content: bytes) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(own_files, "replace", full)
    actor, now = system("ceremony"), clock.now()
    with pytest.raises(OSError, match="no space"):
        register_ca.install_root_list(revoking.read_bytes(), actor=actor, now=now)
    assert states() == {"sote-ec-1": "active"}
    assert not Event.objects.filter(action="issuance.root_crl").exists()

    # The list is written, and the database goes away before the marks are stored.
    monkeypatch.setattr(own_files, "replace", replaced)
    repository.publish_list("root-ec-1", 2, revoking.read_bytes())
    call("install_root_crl", str(revoking))
    assert states() == {"sote-ec-1": "revoked"}
    with pytest.raises(CommandError, match="number 2 is not above 2"):
        call("install_root_crl", str(revoking))


def test_no_list_brings_a_revoked_ca_back(rooms: Rooms, settings: Settings, tmp_path: Path) -> None:
    rooms.create()
    certificate = repository.certificate_path("sote-ec-1")
    revoking = rooms.root_list(f"--revoke={certificate}", "--reason=ca_compromise")
    call("install_root_crl", str(revoking))
    served = repository.crl_path("root-ec-1").read_bytes()
    (rooms.safe / "root-ec-1.crl").unlink()
    settings.PORTAL_DATA = tmp_path / "another machine"
    forgetful = rooms.root_list("--above=9", name="forgetful.crl")
    settings.PORTAL_DATA = tmp_path / "data"
    with pytest.raises(CommandError, match="lacks a revocation"):
        call("install_root_crl", str(forgetful))
    assert repository.crl_path("root-ec-1").read_bytes() == served
    (rooms.safe / "root-ec-1.crl").write_bytes(served)
    call("install_root_crl", str(rooms.root_list("--above=9", name="whole.crl")))


def test_a_list_of_nobody_is_not_installed(rooms: Rooms) -> None:
    rooms.create()
    junk = rooms.files / "junk.crl"
    junk.write_bytes(b"junk")
    with pytest.raises(CommandError, match="no revocation list"):
        call("install_root_crl", str(junk))
    stranger = repository.crl_path("sote-ec-1")
    with pytest.raises(CommandError, match="no root of this service"):
        call("install_root_crl", str(stranger))


def test_only_certificates_of_the_root_are_put_on_its_list(rooms: Rooms) -> None:
    rooms.create()
    root = repository.certificate_path("root-ec-1")
    stranger = rooms.files / "stranger.crt"
    other = hierarchy.make_root(
        protocol.make_key("ec"), Place("test", "ec").root_names(pki()), START, END
    )
    stranger.write_bytes(other.chain[0].public_bytes(Encoding.PEM))
    assert root.exists()
    with pytest.raises(CommandError, match="not one of this root"):
        rooms.root_list(f"--revoke={stranger}", "--reason=superseded")


def test_where_the_root_key_is_kept_there_is_no_database(rooms: Rooms, settings: Settings) -> None:
    """Each command of that place, as a process of its own with no secret and no server."""
    rooms.create()
    request = rooms.request()
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_ENV": "production",
        "PORTAL_BASE_URL": "https://varmenteet.example",
        "PORTAL_DATA": str(rooms.files / "elsewhere"),
        "DATABASE_URL": "postgres://nobody@/nothing?host=/nowhere",
        "REDIS_URL": "unix:///nowhere",
    }
    for command in (
        ["sign_issuing_ca", str(request), f"--out={rooms.files / 'chain.pem'}", *rooms.root],
        ["sign_root_crl", *EC, f"--out={rooms.files / 'root.crl'}", *rooms.root],
    ):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    call("install_issuing_ca", str(rooms.files / "chain.pem"))
    call("install_root_crl", str(rooms.files / "root.crl"))
    assert states()["sote-ec-2"] == "standby"


def test_in_production_root_keys_leave_and_never_lie_in_the_service(
    rooms: Rooms, settings: Settings
) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="root key leaves"):
        call("create_ca", *EC)
    inside = Rooms(rooms.service, rooms.service / "roots", rooms.files)
    with pytest.raises(CommandError, match="a directory of the service"):
        inside.create()
    assert not IssuingCA.objects.exists()


def test_in_production_no_ca_has_a_short_key(rooms: Rooms, settings: Settings) -> None:
    settings.PRODUCTION = True
    kind = ("--environment=production", "--branch=rsa", "--rsa-bits=2048")
    with pytest.raises(CommandError, match="3072 bits at least"):
        call("create_ca", *kind, *rooms.root)
    assert not IssuingCA.objects.exists()


def test_a_short_passphrase_is_refused(rooms: Rooms) -> None:
    (rooms.files / "passphrase").write_text("short")
    with pytest.raises(CommandError, match="16 characters"):
        rooms.create()


def test_the_record_says_who_when_and_what_and_is_kept(rooms: Rooms, settings: Settings) -> None:
    told = rooms.create("--operator=Olli Operaattori", "--witness=Ville Valvoja")
    ca = IssuingCA.objects.get()
    for fact in ("Olli Operaattori", "Ville Valvoja", "P-384", key_store().place(ca.stem)):
        assert fact in told
    for certificate in (ca.certificate, ca.root):
        assert f"{certificate.serial_number:030X}" in told
        assert root_fingerprint(certificate.public_bytes(Encoding.PEM).decode()) in told
    (kept,) = (Path(settings.PORTAL_DATA) / "ca" / "ceremonies").iterdir()
    (beside,) = rooms.safe.glob("*.txt")
    # Behind the record, the first ceremony tells the key of the log of events.
    record = told.partition("The public key of the log")[0]
    assert kept.read_text() == beside.read_text() == record.rstrip("\n") + "\n"
    assert not kept.stat().st_mode & 0o222
