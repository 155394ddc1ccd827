"""The root key leaves the service, which signs without it; no database where it is kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError
from pytest_django import Settings

from issuance import signers
from issuance.models import IssuingCA
from issuance.services.signer import key_store, signer_for
from tests.issuance.root_elsewhere.rooms import EC, Rooms, call, root_fingerprint, states

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]


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
    with pytest.raises(CommandError, match="root-ec-1: the password is another one"):
        rooms.root_list()


def test_another_root_is_not_made_for_a_hierarchy_that_has_one(rooms: Rooms) -> None:
    rooms.create()
    other = Rooms(rooms.service, rooms.files / "another safe", rooms.files)
    with pytest.raises(CommandError, match="kept elsewhere"):
        other.create("--generation=2")


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
