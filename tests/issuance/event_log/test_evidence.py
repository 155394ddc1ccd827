"""Nothing is signed on an approval whose event is not in the log."""

from datetime import datetime
from functools import partial

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.models import Event
from certportal.operations import self_checks
from issuance import journal, services
from issuance.event_names import IssuanceEvent
from issuance.models import Approval, IssuingCA, PreparedCertificate
from issuance.services.errors import Unproven
from issuance.services.event_log import build, key
from tests.issuance.conftest import approve_by
from tests.issuance.event_log.conftest import Record, log_files, restart
from tests.issuance.orders import server_order
from tests.tables import unkept

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting(
    cas: dict[str, IssuingCA],
    keyed: Verifier,
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
) -> PreparedCertificate:
    """An attempt that Riitta has approved."""
    attempt = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, attempt, now)
    return attempt


def approving(attempt: PreparedCertificate) -> Event:
    return Event.objects.get(action=IssuanceEvent.APPROVED, object_id=str(attempt.pk))


def refused(attempt: PreparedCertificate, now: datetime) -> bool:
    """Return whether nothing is signed; the work waits."""
    with pytest.raises(Unproven, match="is not in the log"):
        services.issue(attempt.reference, now=now)
    return not list(journal.entries("sote-ec-1"))


def test_the_approval_is_in_the_log_before_the_signature(
    waiting: PreparedCertificate, keyed: Verifier, now: datetime
) -> None:
    assert log_files().head(keyed) is None
    certificate = services.issue(waiting.reference, now=now)
    assert certificate is not None
    head = log_files().head(keyed)
    assert head is not None
    entries = log_files().entries(0, head.size)
    assert any(f'"id":{approving(waiting).pk},'.encode() in entry for entry in entries)


def test_an_approval_without_its_event_signs_nothing(
    waiting: PreparedCertificate, raimo: Person, now: datetime
) -> None:
    """Somebody inserts the row of a second approval into the database, and nothing else."""
    (row,) = Approval.objects.all()
    row.pk, row.person, row._state.adding = None, raimo, True
    row.save()
    assert refused(waiting, now)


def test_an_event_inserted_into_the_past_is_no_evidence(
    waiting: PreparedCertificate, now: datetime
) -> None:
    build.extend_wholly()
    event = approving(waiting)
    with unkept(), connection.cursor() as cursor:
        cursor.execute("UPDATE foundation_event SET id = -5 WHERE id = %s", [event.pk])
    assert refused(waiting, now)


@pytest.mark.parametrize(
    "change", ["actor = 'person:0'", "at = at - interval '1 day'", "refused = true"]
)
def test_an_event_that_was_changed_is_no_evidence(
    waiting: PreparedCertificate, now: datetime, change: str
) -> None:
    build.extend_wholly()
    with unkept(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE foundation_event SET {change} WHERE id = %s", [approving(waiting).pk]
        )
    assert refused(waiting, now)


def test_the_approval_of_other_bytes_is_no_evidence(
    waiting: PreparedCertificate, now: datetime
) -> None:
    event = approving(waiting)
    with unkept():
        Event.objects.filter(pk=event.pk).update(data=event.data | {"tbs_sha256": "0" * 64})
    assert refused(waiting, now)


def test_without_the_key_of_its_log_a_signer_signs_nothing(
    waiting: PreparedCertificate, settings: Settings, now: datetime
) -> None:
    build.extend_wholly()
    for name in (".key", ".vkey"):
        key._path(name).unlink()
    settings.PORTAL_PROCESS = "ca"
    with pytest.raises(LogUnavailable, match="the key of the log is missing"):
        services.issue(waiting.reference, now=now)
    assert not list(journal.entries("sote-ec-1"))


def test_a_key_that_was_moved_away_is_named_and_what_was_read_of_it_goes_on(
    waiting: PreparedCertificate, record: Record, keyed: Verifier
) -> None:
    """As with the keys of issuing CAs: the next start of the worker needs the file."""
    build.extend_wholly()
    assert "ca-key" not in self_checks.failing("ca")
    path = key._path(".key")
    aside = path.rename(path.with_name("elsewhere"))
    assert "ca-key" in self_checks.failing("ca")
    record(1)
    assert build.extend() == 1
    restart()
    key._decrypted.cache_clear()
    record(2)
    with pytest.raises(LogUnavailable):
        build.extend()
    aside.rename(path)
    assert "ca-key" not in self_checks.failing("ca")
    assert build.extend() == 1


def test_a_database_that_was_wound_back_signs_nothing(
    waiting: PreparedCertificate, record: Record, now: datetime
) -> None:
    for number in range(20):
        record(number)
    build.extend_wholly()
    last = approving(waiting).pk
    with unkept(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM foundation_event WHERE id > %s", [last])
        cursor.execute("SELECT setval('foundation_event_id_seq', %s)", [last])
    with pytest.raises(LogUnavailable, match="run restore_events"):
        services.issue(waiting.reference, now=now)
    assert not list(journal.entries("sote-ec-1"))


def test_a_log_that_cannot_be_written_signs_nothing(
    waiting: PreparedCertificate, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    build.extend_wholly()
    log_files().head_path.write_text("no head\n\n")
    restart()
    for work in [partial(services.issue, waiting.reference, now=now)] * 2:
        with pytest.raises(LogUnavailable):
            work()
    assert not list(journal.entries("sote-ec-1"))
