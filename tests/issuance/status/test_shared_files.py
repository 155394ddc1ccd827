"""Two machines, one store: what the signer publishes on one is served by the front of the other."""

import shutil
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import ocsp as library
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from pytest_django import Settings
from structlog.testing import capture_logs

from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.files.faults import StoreAway
from certportal.operations import health
from issuance import services
from issuance.models import Certificate, IssuingCA
from issuance.publication import front, ocsp_packs, repository
from issuance.publication.shared import index, sending
from issuance.publication.shared.fetching import Fetcher
from issuance.publication.shared.sending import Sender
from issuance.services.status.publish_ocsp import publish_response_with
from tests.journeys.steps import await_true
from tests.shared_store import KEY, StoreServer
from tests.stack import Stack

STEM, OTHER = "sote-ec-1", "sote-rsa-1"
TEST = system("test")
HOUR = timedelta(hours=1)
NO_DATABASE = {"DATABASE_URL": "postgres://nobody@/none?host=/nonexistent"}
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


@pytest.fixture
def machines(
    cas: dict[str, IssuingCA], shared_store: StoreServer, settings: Settings, tmp_path: Path
) -> Machines:
    return Machines(settings, tmp_path / "second")


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


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


def test_another_machine_serves_what_the_signer_publishes(
    machines: Machines, certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.publish_crl(ca, now=now)
    publish_response_with(certificate.pk, now=now)
    served = {path: get(path) for path in FILES}
    machines.carry(now)
    assert {path: get(path) for path in FILES} == served
    assert {status for status, _ in served.values()} == {"200 OK"}
    assert status_of(certificate) == library.OCSPCertStatus.GOOD

    later = now + HOUR
    revoke(machines, certificate, later)
    published = get(FILES[0])
    machines.on(machines.second)
    assert get(FILES[0]) == served[FILES[0]]  # not yet
    machines.carry(later)
    assert get(FILES[0]) == published
    assert status_of(certificate) == library.OCSPCertStatus.REVOKED


def test_files_of_the_machine_that_are_not_published_stay_there(
    machines: Machines, certificate: Certificate, shared_store: StoreServer, now: datetime
) -> None:
    (machines.first / "crl" / "note.txt").write_text("for the operator")
    machines.send(now)
    sent = {key.removeprefix("published/") for key in shared_store.objects()}
    assert sent == {index.INDEX, index.LATEST, *filter(index.is_publishable, sent)}
    assert not [key for key in sent if "journal" in key or "keys" in key or "note" in key]


def test_a_pack_whose_certificates_have_ended_goes(
    machines: Machines, certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    machines.on(machines.first)
    ocsp_packs.path(STEM, ocsp_packs.name_of(certificate.serial)).unlink()
    machines.carry(now + HOUR)
    assert status_of(certificate) is None


@pytest.mark.parametrize("again", [False, True])
def test_a_sender_without_files_takes_nothing_away(
    machines: Machines,
    certificate: Certificate,
    ca: IssuingCA,
    shared_store: StoreServer,
    tmp_path: Path,
    now: datetime,
    *,
    again: bool,
) -> None:
    services.publish_crl(ca, now=now)
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    packs = {key for key in shared_store.objects() if key.endswith(".pack")}
    third = tmp_path / "third"
    third.mkdir()
    machines.on(third)
    sender = Sender(storages["published"], again=again)
    with capture_logs() as logged:
        assert not sender.finish(now=now + HOUR)
        assert not sender.round(now=now + HOUR)
    assert [line["event"] for line in logged] == ["published_files_lost"]
    assert not health.store_copy()
    assert packs <= set(shared_store.objects())
    assert machines.fetch(now + HOUR)
    assert status_of(certificate) == library.OCSPCertStatus.GOOD
    assert get(FILES[0])[0] == "200 OK"


def test_a_sender_that_lost_a_list_sends_on_and_is_not_well(
    machines: Machines, certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.publish_crl(ca, now=now)
    machines.carry(now)
    machines.on(machines.first)
    repository.crl_path(STEM).unlink()
    publish_response_with(certificate.pk, now=now)
    assert not machines.send(now + HOUR)
    assert machines.fetch(now + HOUR)
    assert status_of(certificate) == library.OCSPCertStatus.GOOD
    assert get(FILES[0])[0] == "200 OK"
    machines.on(machines.first)
    services.publish_crl(ca, now=now + HOUR)
    machines.carry(now + HOUR)


def test_many_packs_that_are_gone_at_once_are_lost() -> None:
    packs = {f"ocsp/{STEM}/{number:03X}.pack" for number in range(2 * index.MOST_GONE)}
    some = set(sorted(packs)[: index.MOST_GONE])
    assert index.ended(packs, packs - some) == some
    with pytest.raises(index.FilesLost):
        index.ended(packs, set())


def test_an_index_that_lost_everything_takes_nothing_away(
    machines: Machines, certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    store = storages["published"]
    index.write(store, index.Index(index.read(store).number + 1, {}))
    assert not machines.fetch(now)
    assert status_of(certificate) == library.OCSPCertStatus.GOOD


def test_a_file_that_was_deleted_or_damaged_here_is_fetched_again(
    machines: Machines, certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.publish_crl(ca, now=now)
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    pack = f"ocsp/{STEM}/{ocsp_packs.name_of(certificate.serial)}.pack"
    paths = (f"crl/{STEM}.crl", f"ca/public/{STEM}.crt", pack)
    published = {path: index.file_of(path).read_bytes() for path in paths}
    for content in (None, b"", b"half"):
        for path in paths:
            index.file_of(path).unlink()
            if content is not None:
                index.file_of(path).write_bytes(content)
        assert machines.fetch(now)
        assert {path: index.file_of(path).read_bytes() for path in paths} == published


def test_an_older_copy_of_the_store_is_not_served_and_is_mended_by_the_sender(
    machines: Machines,
    certificate: Certificate,
    ca: IssuingCA,
    shared_store: StoreServer,
    now: datetime,
) -> None:
    services.publish_crl(ca, now=now)
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    older = shared_store.objects()
    revoke(machines, certificate, now + HOUR)
    machines.carry(now + HOUR)
    newest = get(FILES[0])

    shared_store.put_back(older)
    assert not machines.fetch(now + 2 * HOUR)
    assert get(FILES[0]) == newest
    assert status_of(certificate) == library.OCSPCertStatus.REVOKED
    machines.carry(now + 2 * HOUR)
    assert get(FILES[0]) == newest


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


def test_while_the_store_is_away_the_copy_is_served_and_grows_old(
    machines: Machines,
    certificate: Certificate,
    ca: IssuingCA,
    shared_store: StoreServer,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.publish_crl(ca, now=now)
    machines.carry(now)
    served = get(FILES[0])
    assert health.store_copy()
    shared_store.freeze()
    for act in (machines.fetch, machines.send):
        with pytest.raises(StoreAway):
            act(now + HOUR)
    machines.on(machines.second)
    assert get(FILES[0]) == served
    monkeypatch.setattr(clock, "now", lambda: now + HOUR)
    assert not health.store_copy()
    assert not health.is_well(health.shared_store)
    shared_store.thaw()
    machines.carry(now + HOUR)
    assert health.store_copy() and health.is_well(health.shared_store)


def ask(stack: Stack, path: str) -> bytes:
    """Ask the process `front`; empty if it has nothing there."""
    try:
        with urllib.request.urlopen(stack.base + path, timeout=10) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError:
        return b""


def test_front_serves_on_while_database_and_store_are_away_and_is_brought_up_to_date_again(
    machines: Machines, ca: IssuingCA, shared_store: StoreServer, now: datetime
) -> None:
    services.publish_crl(ca, now=now)
    first = repository.crl_path(STEM).read_bytes()
    machines.send(now)
    stack = Stack(machines.second)
    told = {"STORE_URL": shared_store.url, "STORE_KEY": KEY}
    try:
        stack.start("front", "store", extra=NO_DATABASE | told)
        stack.await_web()
        await_true(lambda: ask(stack, FILES[0]) == first, "no list", seconds=60)
        shared_store.kill()
        machines.on(machines.first)
        services.publish_crl(ca, now=now + HOUR)
        second = repository.crl_path(STEM).read_bytes()
        with pytest.raises(StoreAway):
            machines.send(now + HOUR)
        assert ask(stack, FILES[0]) == first
        shared_store.start()
        shared_store.make_bucket()
        assert machines.send(now + HOUR)
        await_true(lambda: ask(stack, FILES[0]) == second, "the list stays old", seconds=60)
        log = (stack.data / "log" / "store.log").read_text()
        assert "published_file_refused" not in log
        assert KEY.partition(":")[2] not in log
    finally:
        stack.stop()


def test_a_store_that_lost_everything_is_filled_again(
    machines: Machines, ca: IssuingCA, shared_store: StoreServer, now: datetime
) -> None:
    services.publish_crl(ca, now=now)
    machines.carry(now)
    shared_store.put_back({})
    assert not machines.fetch(now)
    machines.carry(now + HOUR)
    shutil.rmtree(machines.second)
    machines.fetcher = Fetcher(storages["published"])
    machines.carry(now + HOUR)
    assert get(FILES[0])[0] == "200 OK"


def test_a_store_that_is_filled_step_by_step_takes_nothing_away_meanwhile(
    machines: Machines,
    certificate: Certificate,
    ca: IssuingCA,
    shared_store: StoreServer,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.publish_crl(ca, now=now)
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    shared_store.put_back({})
    monkeypatch.setattr(sending, "MOST_AT_ONCE", 3)
    assert not machines.send(now + HOUR)
    assert not machines.fetch(now + HOUR)
    assert status_of(certificate) == library.OCSPCertStatus.GOOD
    machines.on(machines.first)
    assert machines.sender.finish(now=now + HOUR)
    assert machines.fetch(now + HOUR)
    assert status_of(certificate) == library.OCSPCertStatus.GOOD


def test_one_lost_object_is_sent_again_when_asked(
    machines: Machines, shared_store: StoreServer, now: datetime, settings: Settings
) -> None:
    assert machines.send(now)
    storages["published"].delete(f"ca/public/{STEM}.crt")
    assert not machines.fetch(now)
    machines.on(machines.first)
    call_command("share_files", "--once", "--again")
    machines.on(machines.second)
    call_command("fetch_files", "--once")
    assert get(FILES[1])[0] == "200 OK"


def test_a_round_that_fails_says_so(machines: Machines, shared_store: StoreServer) -> None:
    with pytest.raises(CommandError, match="not everything is there yet"):
        call_command("fetch_files", "--once")  # nobody has sent anything
    shared_store.freeze()
    with pytest.raises(CommandError, match="StoreAway"):
        call_command("share_files", "--once")


def test_commands_without_a_store_say_what_to_set() -> None:
    for command in ("share_files", "fetch_files"):
        with pytest.raises(CommandError, match="set STORE_URL"):
            call_command(command, "--once")
