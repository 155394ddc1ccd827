"""Time stamps on heads of the log, made by OpenSSL, and what `verify_audit` says of them."""

import base64
import subprocess
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation
from pytest_django import Settings

from certportal.dev.builders import orders
from certportal.foundation.actors import system
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.notes import Checkpoint, Verifier
from certportal.foundation.event_log.verifying import Kind
from certportal.foundation.events import Subject, record
from certportal.foundation.models import Event, OutboxItem
from issuance import services
from issuance.event_names import IssuanceEvent
from issuance.services.event_log import anchors, build, stamps
from tests.doubles import time_stamps
from tests.issuance.event_log.conftest import Record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[time_stamps.Service]:
    with time_stamps.serving(tmp_path) as service:
        settings.TIME_STAMPS = {"url": service.url, "roots": str(service.roots)}
        settings.EVENT_LOG_ANCHORS = str(tmp_path / "anchors")
        yield service


@pytest.fixture
def head(
    keyed: Verifier, service: time_stamps.Service, record: Record, now: datetime
) -> Checkpoint:
    """The head of a log of ten events, anchored."""
    for number in range(10):
        record(number)
    build.extend()
    made = anchors.anchor(now=now)
    assert made is not None
    return made


def stamped() -> Event:
    orders.drain()
    return Event.objects.get(action="issuance.log_stamped")


def findings() -> list[Kind]:
    return [each.kind for each in services.verify_audit().findings]


def test_the_head_that_is_anchored_gets_a_time_stamp_that_openssl_verifies(
    head: Checkpoint, service: time_stamps.Service, settings: Settings
) -> None:
    assert stamped().data["size"] == head.size
    (anchor,) = Path(settings.EVENT_LOG_ANCHORS).glob("*.checkpoint")
    beside = anchor.with_name(f"{anchor.name}.tsr")
    command = ["openssl", "ts", "-verify", "-data", anchor, "-in", beside, "-CAfile", service.roots]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "Verification: OK" in done.stdout + done.stderr


def test_verify_audit_says_how_many_events_were_there_and_when(head: Checkpoint) -> None:
    stamped()
    told = StringIO()
    call_command("verify_audit", stdout=told)
    assert f"Time stamps: 2. The newest proves that {head.size} events were" in told.getvalue()


def test_a_stamp_of_another_head_is_named(head: Checkpoint, keyed: Verifier, now: datetime) -> None:
    """Whoever writes to the database enters an event with a stamp that was made of another head."""
    told = stamped()
    build.extend()
    later = anchors.anchor(now=now)
    assert later is not None
    notes = [note for _, note in anchors.notes_in_events(keyed.name)]
    (note,) = (note for note in notes if f"\n{later.size}\n" in note)
    about, by = Subject(anchors.KIND, keyed.name), system("event-log")
    forged = {"head": note, "time_stamp": told.data["time_stamp"]}
    event = record(IssuanceEvent.LOG_STAMPED, about, by, now, size=later.size, **forged)
    (found,) = services.verify_audit().findings
    assert (found.kind, found.about.split()[:2]) == (Kind.STAMP, ["event", str(event.pk)])


def test_a_stamp_of_a_service_that_is_not_trusted_is_named(
    head: Checkpoint, service: time_stamps.Service, tmp_path: Path
) -> None:
    stamped()
    (tmp_path / "other").mkdir()
    with time_stamps.serving(tmp_path / "other") as other:
        service.roots.write_bytes(other.roots.read_bytes())
    assert findings() == [Kind.STAMP, Kind.STAMP]


def test_a_changed_stamp_beside_an_anchor_is_named(head: Checkpoint, settings: Settings) -> None:
    stamped()
    (beside,) = Path(settings.EVENT_LOG_ANCHORS).glob("*.tsr")
    beside.write_bytes(beside.read_bytes()[:-40] + bytes(40))
    assert findings() == [Kind.STAMP]


def test_without_the_roots_stamps_are_not_checked_and_that_is_said(
    head: Checkpoint, settings: Settings
) -> None:
    stamped()
    settings.TIME_STAMPS = {"url": "", "roots": ""}
    with translation.override("en"):
        report = services.verify_audit()
    assert report.findings == []
    assert report.told == ["2 time stamps were not checked: set TIME_STAMP_ROOTS_FILE."]


def test_while_the_service_is_away_the_head_waits_for_its_stamp(
    head: Checkpoint, service: time_stamps.Service, now: datetime
) -> None:
    service.answers = False
    orders.drain()
    assert not Event.objects.filter(action="issuance.log_stamped").exists()
    service.answers = True
    OutboxItem.objects.filter(done_at=None).update(due_at=now)
    assert stamped().data["size"] == head.size


def test_the_signer_keeps_no_stamp_that_it_cannot_verify(
    head: Checkpoint, keyed: Verifier, now: datetime
) -> None:
    (note,) = (note for _, note in anchors.notes_in_events(keyed.name))
    for answer in (b"", b"no time stamp", stamps.fetch(note.replace("— ", "—  "))):
        with pytest.raises(stamps.BadStamp):
            stamps.keep(note, base64.b64encode(answer).decode(), now=now)


def test_an_answer_to_another_question_is_not_taken(head: Checkpoint, keyed: Verifier) -> None:
    (note,) = (note for _, note in anchors.notes_in_events(keyed.name))
    with pytest.raises(stamps.BadStamp, match="Nonce"):
        stamps.time_of(stamps.fetch(note), note, nonce=1)


def test_without_a_service_nothing_is_asked(
    keyed: Verifier, record: Record, settings: Settings, now: datetime
) -> None:
    record(1)
    build.extend()
    anchors.anchor(now=now)
    orders.drain()
    assert not OutboxItem.objects.filter(topic="event_log.stamped").exists()
    with pytest.raises(Unavailable):
        stamps.fetch("a head")
