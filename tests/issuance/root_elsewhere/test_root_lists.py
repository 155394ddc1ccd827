"""The root's list of revocations: renewed where the root is kept, and installed here."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError
from pytest_django import Settings

from certportal.foundation import clock, own_files
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance.authority import hierarchy
from issuance.authority.places import Place
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.publication import repository
from issuance.services.ceremony import register_ca
from issuance.signers import protocol
from tests.issuance.root_elsewhere.rooms import END, START, Rooms, call, states

pytestmark = pytest.mark.django_db


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
    with pytest.raises(CommandError, match="No root of this service"):
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
