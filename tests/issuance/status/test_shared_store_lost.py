"""The store is away, goes back to an older copy, or has lost objects: served is what is there."""

import hashlib
import json
import shutil
import urllib.error
import urllib.request
from datetime import datetime, timedelta

import pytest
from cryptography.x509 import ocsp as library
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from pytest_django import Settings

from certportal.foundation import clock
from certportal.foundation.files.faults import DamagedFile, StoreAway
from certportal.operations import health
from issuance import services
from issuance.models import Certificate, IssuingCA
from issuance.publication import repository
from issuance.publication.shared import index, sending
from issuance.publication.shared.fetching import Fetcher
from issuance.services.status.publish_ocsp import publish_response_with
from tests.issuance.status.machines import FILES, STEM, Machines, get, revoke, status_of
from tests.journeys.steps import await_true
from tests.shared_store import KEY, StoreServer
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("moment")
HOUR = timedelta(hours=1)
NO_DATABASE = {"DATABASE_URL": "postgres://nobody@/none?host=/nonexistent"}


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
    assert health.CHECKS["store-copy"]()
    shared_store.freeze()
    for act in (machines.fetch, machines.send):
        with pytest.raises(StoreAway):
            act(now + HOUR)
    machines.on(machines.second)
    assert get(FILES[0]) == served
    monkeypatch.setattr(clock, "now", lambda: now + HOUR)
    assert not health.CHECKS["store-copy"]()
    assert not health.is_well(health.shared_store)
    shared_store.thaw()
    machines.carry(now + HOUR)
    assert health.CHECKS["store-copy"]() and health.is_well(health.shared_store)


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


@pytest.mark.parametrize(
    "encoded",
    [
        b"[]",
        b'{"number":5}',
        b'{"number":5,"files":[],"whole":true}',
        b'{"number":1e400,"files":{},"whole":true}',
        b"[" * 100_000,
        b"\xff",
    ],
)
@pytest.mark.parametrize("name", [index.INDEX, index.LATEST])
def test_an_index_of_another_form_is_damaged_and_mended_by_the_sender(
    machines: Machines, ca: IssuingCA, now: datetime, name: str, encoded: bytes
) -> None:
    services.publish_crl(ca, now=now)
    store, said = storages["published"], {"sha256": hashlib.sha256(encoded).hexdigest()}
    store.save(index.LATEST, ContentFile(json.dumps({"number": 9, **said}).encode()))
    store.save(name, ContentFile(encoded))
    with pytest.raises(DamagedFile):
        machines.fetch(now)
    machines.carry(now)
    assert get(FILES[0])[0] == "200 OK"


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
