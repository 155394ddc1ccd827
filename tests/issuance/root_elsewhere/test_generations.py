"""The next issuing CA is requested here, certified by the root elsewhere, and installed here."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError

from certportal.foundation.models import Event
from issuance.authority import hierarchy
from issuance.authority.places import Place
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.publication import repository
from issuance.services.ceremony.root import certify, chain_pem
from issuance.services.signer import key_store, signer_for
from issuance.signers import protocol
from issuance.signers.file import KeyFiles
from tests.issuance.root_elsewhere.rooms import (
    EC,
    END,
    START,
    Rooms,
    call,
    root_fingerprint,
    states,
)
from tests.tables import unkept

pytestmark = pytest.mark.django_db


def test_a_next_generation_without_the_root_key_is_not_made(rooms: Rooms) -> None:
    rooms.create()
    with pytest.raises(CommandError, match="kept elsewhere"):
        call("create_ca", *EC, "--generation=2")
    assert states() == {"sote-ec-1": "active"}


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
    with pytest.raises(CommandError, match="is not on standby"):
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
        (None, ec.SECP384R1(), "No CA of these settings.*PKI_FILE"),
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
