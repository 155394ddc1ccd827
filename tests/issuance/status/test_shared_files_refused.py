"""What another machine does not take from the store: older, of another CA, or no published file."""

import json
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates as packed
from cryptography.x509 import ocsp as library
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from certportal.foundation.event_log.notes import Signer
from issuance import services
from issuance.models import Certificate, IssuingCA
from issuance.publication import ocsp_packs, repository
from issuance.publication.shared import index
from issuance.services.status.publish_ocsp import publish_response_with
from tests.issuance.status.machines import OTHER, STEM, Machines, revoke, status_of

pytestmark = pytest.mark.usefixtures("moment")
HOUR = timedelta(hours=1)


def test_an_index_that_lost_everything_takes_nothing_away(
    machines: Machines, certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    store = storages["published"]
    index.write(store, index.Index(index.read(store).number + 1, {}))
    assert not machines.fetch(now)
    assert status_of(certificate) == library.OCSPCertStatus.GOOD


def forge(machines: Machines, path: str, content: bytes, now: datetime) -> None:
    """Put a file into the store with an index that tells of it, as if the sender had sent it."""
    store = storages["published"]
    there = index.read(store)
    store.save(path, ContentFile(content))
    named = {path: index.hashlib.sha256(content).hexdigest()}
    index.write(store, index.Index(there.number + 1, {**there.files, **named}))


def test_a_new_index_that_tells_of_an_older_list_or_pack_replaces_nothing(
    machines: Machines, certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.publish_crl(ca, now=now)
    publish_response_with(certificate.pk, now=now)
    name = ocsp_packs.name_of(certificate.serial)
    older = {
        f"crl/{STEM}.crl": repository.crl_path(STEM).read_bytes(),
        f"ocsp/{STEM}/{name}.pack": ocsp_packs.path(STEM, name).read_bytes(),
    }
    revoke(machines, certificate, now + HOUR)
    machines.carry(now + HOUR)
    for path, content in older.items():
        forge(machines, path, content, now)
        assert not machines.fetch(now + HOUR)
        assert index.file_of(path).read_bytes() != content


def test_an_older_pack_that_comes_back_after_an_index_without_it_replaces_nothing(
    machines: Machines, certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    name = ocsp_packs.name_of(certificate.serial)
    path = f"ocsp/{STEM}/{name}.pack"
    older = ocsp_packs.path(STEM, name).read_bytes()
    revoke(machines, certificate, now + HOUR)
    machines.carry(now + HOUR)
    store = storages["published"]
    there = index.read(store)
    others = {each: sha256 for each, sha256 in there.files.items() if each != path}
    index.write(store, index.Index(there.number + 1, others))
    assert machines.fetch(now + HOUR)
    forge(machines, path, older, now)
    assert not machines.fetch(now + HOUR)
    assert status_of(certificate) == library.OCSPCertStatus.REVOKED


def test_an_older_pack_whose_first_line_says_that_it_is_new_replaces_nothing(
    machines: Machines, certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    name = ocsp_packs.name_of(certificate.serial)
    line, _, responses = ocsp_packs.path(STEM, name).read_bytes().partition(b"\n")
    revoke(machines, certificate, now + HOUR)
    machines.carry(now + HOUR)
    times = {"this": int((now + 2 * HOUR).timestamp()), "next": int((now + 9 * HOUR).timestamp())}
    forged = json.dumps(json.loads(line) | times).encode() + b"\n" + responses
    forge(machines, f"ocsp/{STEM}/{name}.pack", forged, now)
    assert not machines.fetch(now + 2 * HOUR)
    assert status_of(certificate) == library.OCSPCertStatus.REVOKED


@pytest.mark.parametrize(
    "path", [f"crl/{STEM}.crl", *(f"ca/public/{STEM}.{kind}" for kind in ("crt", "pem", "p7c"))]
)
def test_what_belongs_to_another_ca_replaces_nothing(
    machines: Machines, cas: dict[str, IssuingCA], path: str, now: datetime
) -> None:
    services.publish_crl(cas[OTHER], now=now)
    machines.carry(now)
    mine, others = index.file_of(path), index.file_of(path.replace(STEM, OTHER))
    before = mine.read_bytes()
    forge(machines, path, others.read_bytes(), now)
    assert not machines.fetch(now)
    assert mine.read_bytes() == before


def damaged(certificate: bytes) -> bytes:
    """The certificate with a signature that does not hold."""
    return certificate[:-1] + bytes([certificate[-1] ^ 1])


def test_a_certificate_that_clients_would_refuse_replaces_nothing(
    machines: Machines, now: datetime
) -> None:
    machines.carry(now)
    path = f"ca/public/{STEM}.crt"
    before = index.file_of(path).read_bytes()
    forge(machines, path, damaged(before), now)
    assert not machines.fetch(now)
    assert (machines.second / path).read_bytes() == before


@pytest.mark.parametrize("kind", ["pem", "p7c"])
@pytest.mark.parametrize("other", ["without its root", "with another's root", "a damaged root"])
def test_a_chain_that_does_not_hold_together_replaces_nothing(
    machines: Machines, cas: dict[str, IssuingCA], kind: str, other: str, now: datetime
) -> None:
    machines.carry(now)
    path, ca = f"ca/public/{STEM}.{kind}", cas[STEM]
    before = (machines.second / path).read_bytes()
    root = damaged(bytes(ca.root_der))
    above = {
        "without its root": [],
        "with another's root": [ca.root, cas[OTHER].root],
        "a damaged root": [x509.load_der_x509_certificate(root)],
    }[other]
    chain = [ca.certificate, *above]
    pem = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
    forge(machines, path, pem if kind == "pem" else packed(chain, Encoding.DER), now)
    assert not machines.fetch(now)
    assert (machines.second / path).read_bytes() == before


def test_responses_that_another_ca_or_nobody_signed_replace_nothing(
    machines: Machines, certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    name = ocsp_packs.name_of(certificate.serial)
    path = f"ocsp/{STEM}/{name}.pack"
    content = bytearray(index.file_of(path).read_bytes())
    content[-1] ^= 1  # of the certificate of the responder
    for stem, forged in ((STEM, bytes(content)), (OTHER, index.file_of(path).read_bytes())):
        forge(machines, f"ocsp/{stem}/{name}.pack", forged, now)
        assert not machines.fetch(now)
        assert not (machines.second / f"ocsp/{OTHER}").exists()
    assert status_of(certificate) == library.OCSPCertStatus.GOOD


@pytest.mark.parametrize("path", ["crl/../../secrets/key.crl", "/etc/passwd", "journal/a.journal"])
def test_no_other_file_is_written(machines: Machines, path: str, now: datetime) -> None:
    machines.carry(now)
    there = index.read(storages["published"])
    index.write(storages["published"], index.Index(there.number + 1, {**there.files, path: "0"}))
    before = sorted(machines.second.rglob("*"))
    assert not machines.fetch(now)
    assert sorted(machines.second.rglob("*")) == before


def test_the_key_of_the_log_goes_along_and_another_replaces_nothing(
    machines: Machines, now: datetime
) -> None:
    own, another = (
        Signer("log.example.fi/events", Ed25519PrivateKey.generate()).verifier for _ in range(2)
    )
    path = "ca/public/event-log.vkey"
    repository.log_key_path().write_text(f"{own}\n")
    machines.carry(now)
    assert (machines.second / path).read_text() == f"{own}\n"
    for forged in (f"{another}\n", "nonsense"):
        forge(machines, path, forged.encode(), now)
        assert not machines.fetch(now)
        assert (machines.second / path).read_text() == f"{own}\n"
