"""What an owner of the database, or of the log's files, does to the record is named."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings
from structlog.testing import capture_logs

from certportal.dev.builders import mails
from certportal.foundation import alarms, events
from certportal.foundation.actors import system
from certportal.foundation.database import kept_tables
from certportal.foundation.event_log.files import LogUnavailable, folder
from certportal.foundation.event_log.notes import Checkpoint, Verifier
from certportal.foundation.event_log.tiles import bundle, entries_of
from certportal.foundation.event_log.verifying import Kind
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.standing_faults import Standing
from certportal.operations import health
from issuance import services, tasks
from issuance.services.event_log import anchors, build, key
from tests.issuance.event_log.conftest import Record, copy_of_log, put_back, restart
from tests.tables import unkept

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "log.example.fi/events"


@pytest.fixture
def numbers(keyed: Verifier, now: datetime) -> list[int]:
    """The numbers of 600 events that are in the log."""
    given, actor = ServiceEvent.FEEDBACK_GIVEN, system("test")
    every = ((Subject("test", number), number) for number in range(600))
    made = [events.made(given, about, actor, now, count=number) for about, number in every]
    events.insert(made)
    build.extend_wholly()
    return [one.pk for one in made]


def as_owner(statement: str, *parameters: object) -> None:
    """Do what the owner of the tables can, triggers or not."""
    with unkept(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def named(*places: Path) -> list[tuple[Kind, str]]:
    """Return what a verification in a new process names."""
    restart()
    report = services.verify_audit(places=places)
    return [(finding.kind, finding.about) for finding in report.findings]


def test_nothing_is_named_of_a_record_as_it_was_made(numbers: list[int], record: Record) -> None:
    record(1)
    assert named() == []


def test_later_events_are_no_difference_to_who_has_no_key(
    numbers: list[int], record: Record, settings: Settings
) -> None:
    settings.CA_KEYS_DIR = ""
    record(1)
    report = services.verify_audit()
    assert (report.size, report.unlogged, report.findings) == (600, 1, [])


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'person:1'",
        "at = at + interval '1 microsecond'",
        "data = '{}'",
        "refused = true",
        "organisation_id = '00000000-0000-0000-0000-000000000001'",
    ],
)
def test_a_changed_event_is_named(numbers: list[int], change: str) -> None:
    as_owner(f"UPDATE foundation_event SET {change} WHERE id = %s", numbers[7])
    assert named() == [(Kind.CHANGED, f"event {numbers[7]}")]


def test_a_missing_event_is_named(numbers: list[int]) -> None:
    as_owner("DELETE FROM foundation_event WHERE id IN (%s, %s)", numbers[7], numbers[300])
    assert named() == [
        (Kind.MISSING, f"event {numbers[7]}"),
        (Kind.MISSING, f"event {numbers[300]}"),
    ]


def test_events_that_changed_places_are_named(numbers: list[int]) -> None:
    first, second = numbers[7], numbers[8]
    for before, after in ((first, -1), (second, first), (-1, second)):
        as_owner("UPDATE foundation_event SET id = %s WHERE id = %s", after, before)
    assert named() == [(Kind.REORDERED, f"event {first}"), (Kind.REORDERED, f"event {second}")]


def test_an_event_inserted_into_the_past_is_named(numbers: list[int]) -> None:
    as_owner("DELETE FROM foundation_event WHERE id = %s", numbers[7])
    as_owner(
        "INSERT INTO foundation_event (id, at, actor, action, object_type, object_id, refused,"
        " data, request_id) SELECT 0, at, actor, action, object_type, object_id, refused, data,"
        " request_id FROM foundation_event WHERE id = %s",
        numbers[8],
    )
    assert named() == [(Kind.MISSING, f"event {numbers[7]}"), (Kind.INSERTED, "event 0")]


def test_a_tail_that_was_cut_is_named_by_its_first_event(numbers: list[int]) -> None:
    as_owner("DELETE FROM foundation_event WHERE id >= %s", numbers[500])
    assert named() == [(Kind.CUT, f"event {numbers[500]}")]


def test_a_table_that_was_emptied_is_named(numbers: list[int]) -> None:
    as_owner("TRUNCATE foundation_event CASCADE")
    assert named() == [(Kind.CUT, f"event {numbers[0]}")]


def test_new_events_after_a_cut_do_not_hide_it(numbers: list[int], record: Record) -> None:
    as_owner("TRUNCATE foundation_event CASCADE")
    record(1)
    build.extend()
    found = named()
    assert len(found) == 100
    assert found[0] == (Kind.MISSING, f"event {numbers[0]}")


def test_numbers_that_were_wound_back_are_named(numbers: list[int], record: Record) -> None:
    as_owner("DELETE FROM foundation_event WHERE id >= %s", numbers[500])
    as_owner("SELECT setval('foundation_event_id_seq', %s)", numbers[499])
    assert record(9).pk == numbers[500]
    assert (Kind.CHANGED, f"event {numbers[500]}") in named()


def test_triggers_that_are_off_are_named(numbers: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE foundation_event DISABLE TRIGGER kept_rows")
        try:
            assert named() == [(Kind.UNKEPT, "foundation_event")]
        finally:
            cursor.execute("ALTER TABLE foundation_event ENABLE TRIGGER kept_rows")
    assert kept_tables.is_kept_as_said(connection, Event)


def test_an_older_copy_of_the_database_is_named(
    numbers: list[int], record: Record, now: datetime
) -> None:
    """Also when it goes on as if nothing had been, under the same numbers."""
    as_owner("CREATE TABLE older AS SELECT * FROM foundation_event")
    try:
        lost = record(1, secret=True).pk
        build.extend()
        as_owner("TRUNCATE foundation_event CASCADE")
        as_owner("INSERT INTO foundation_event SELECT * FROM older")
        assert named() == [(Kind.CUT, f"event {lost}")]
    finally:
        as_owner("DROP TABLE older")


def test_an_older_copy_of_the_log_is_named(
    numbers: list[int], record: Record, tmp_path: Path, now: datetime
) -> None:
    copy_of_log(tmp_path / "copy")
    told = record(1).pk
    build.extend()
    anchors.anchor(now=now)
    put_back(tmp_path / "copy")
    assert named() == [(Kind.OLDER, f"event {told + 1}")]


def test_older_copies_of_log_and_database_are_named_by_an_anchor(
    numbers: list[int], record: Record, tmp_path: Path, settings: Settings, now: datetime
) -> None:
    settings.EVENT_LOG_ANCHORS = str(tmp_path / "anchors")
    copy_of_log(tmp_path / "copy")
    record(1)
    build.extend()
    anchors.anchor(now=now)
    put_back(tmp_path / "copy")
    as_owner("DELETE FROM foundation_event WHERE id > %s", numbers[-1])
    (anchor,) = (tmp_path / "anchors").iterdir()
    assert named() == [(Kind.OLDER, str(anchor))]
    settings.EVENT_LOG_ANCHORS = ""
    assert named(anchor) == [(Kind.OLDER, str(anchor))]


def test_a_log_made_anew_is_another_than_the_anchor_knows(
    numbers: list[int], record: Record, tmp_path: Path, settings: Settings, now: datetime
) -> None:
    """Somebody with the log's key leaves an event out of the record, and makes a new log of it."""
    settings.EVENT_LOG_ANCHORS = str(tmp_path / "anchors")
    anchors.anchor(now=now)
    shutil.rmtree(folder())
    as_owner("DELETE FROM foundation_event WHERE id = %s", numbers[7])
    as_owner("DELETE FROM foundation_event WHERE object_type = 'event_log'")
    for number in range(5):
        record(number)
    (anchor,) = (tmp_path / "anchors").iterdir()
    assert named() == [(Kind.FORKED, str(anchor))]


def test_a_changed_entry_of_the_log_is_named(numbers: list[int]) -> None:
    path = folder() / "tile/entries/001"
    path.write_bytes(path.read_bytes().replace(b'"count":300', b'"count":301'))
    assert (Kind.ENTRY, "entry 300") in named()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b',"id":', b',"io":'),
        (b'{"count":300}', b'{"count":30"}'),
        (b'{"count":300}', b'{"count":"\xff"'),
    ],
)
def test_an_entry_that_is_no_event_any_more_is_named_and_stops_only_the_log(
    numbers: list[int], before: bytes, after: bytes
) -> None:
    path = folder() / "tile/entries/001"
    entries = entries_of(path.read_bytes())
    entries[300 - 256] = entries[300 - 256].replace(before, after)
    path.write_bytes(bundle(entries))
    assert named().count((Kind.ENTRY, "entry 300")) == 1
    with pytest.raises(LogUnavailable, match="nothing was inserted"):
        services.restore_events()
    (folder() / ".state").unlink()
    restart()
    with suppress(LogUnavailable):
        build.extend()


@pytest.mark.parametrize("path", ["tile/entries/001", "tile/entries/002.p/88"])
@pytest.mark.parametrize("less", [True, False])
def test_a_bundle_of_another_length_is_named(numbers: list[int], path: str, less: bool) -> None:
    bundled = folder() / path
    entries = entries_of(bundled.read_bytes())
    bundled.write_bytes(bundle(entries[:-1] if less else [*entries, entries[0]]))
    assert [kind for kind, about in named() if path in about] == [Kind.TILE]


@pytest.mark.parametrize(("path", "kind"), [("1/000.p/2", Kind.TILE), ("0/001", Kind.ENTRY)])
def test_a_changed_tile_of_the_log_is_named(numbers: list[int], path: str, kind: Kind) -> None:
    tile = folder() / "tile" / path
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    about = "entry 256" if kind == Kind.ENTRY else f"tile/{path}"
    assert (kind, about) in named()


@pytest.mark.parametrize("path", ["tile/0/001", "tile/entries/001"])
def test_a_missing_tile_of_the_log_is_named(numbers: list[int], path: str) -> None:
    (folder() / path).unlink()
    assert [kind for kind, about in named() if path in about] == [Kind.TILE]


@pytest.mark.parametrize("change", [lambda note: "", lambda note: note.replace("600", "599")])
def test_a_head_that_is_not_signed_is_named(
    numbers: list[int], change: Callable[[str], str]
) -> None:
    path = folder() / "checkpoint"
    path.write_text(change(path.read_text()))
    assert [kind for kind, _ in named()] == [Kind.HEAD]


def test_a_head_that_somebody_put_into_an_event_is_named_and_stops_nothing(
    numbers: list[int], record: Record, keyed: Verifier
) -> None:
    forged = Checkpoint(keyed.name, 10**9, bytes(32)).text + "\n— x AAAAAAAA\n"
    event = record(1, head=forged)
    as_owner(
        "UPDATE foundation_event SET object_type = 'event_log', object_id = %s,"
        " action = 'issuance.log_anchored' WHERE id = %s",
        keyed.name,
        event.pk,
    )
    assert named() == [(Kind.ANCHOR, f"event {event.pk}")]
    assert services.verify_audit().size == 601


def test_a_restored_database_gets_back_what_only_the_log_has(
    numbers: list[int], record: Record
) -> None:
    before = list(Event.objects.order_by("pk").values())
    as_owner("DELETE FROM foundation_event WHERE id >= %s", numbers[500])
    as_owner("SELECT setval('foundation_event_id_seq', %s)", numbers[499])
    said = StringIO()
    call_command("restore_events", stdout=said)
    assert said.getvalue() == "100 events were entered from the log.\n"
    assert list(Event.objects.order_by("pk").values()) == before
    assert record(1).pk == numbers[-1] + 1
    assert named() == []


def test_the_command_names_what_differs_and_fails(numbers: list[int]) -> None:
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert said.getvalue() == "Events in the log: 600. Not yet in it: 0. Differences: 0.\n"
    as_owner("DELETE FROM foundation_event WHERE id = %s", numbers[7])
    with pytest.raises(SystemExit):
        call_command("verify_audit", stdout=said, verifier=str(key.published()))
    assert f"event {numbers[7]}: {Kind.MISSING}" in said.getvalue()


def test_each_night_the_head_is_anchored_or_a_difference_is_what_is_to_do(
    numbers: list[int],
) -> None:
    tasks.verify_audit()
    assert [source for source, _ in anchors.notes_in_events(NAME)] == [f"event {numbers[-1] + 1}"]
    assert "verify-audit" not in health.sounding(health.TO_DO, health.read_signs())
    as_owner("DELETE FROM foundation_event WHERE id = %s", numbers[7])
    tasks.verify_audit()
    assert "verify-audit" in health.sounding(health.TO_DO, health.read_signs())
    assert len(list(anchors.notes_in_events(NAME))) == 1
    alarms.clear("verify-audit")


def test_a_log_that_cannot_be_written_is_not_well(
    numbers: list[int], record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    restart()
    (folder() / "tile/1/000.p/2").write_bytes(bytes(64))
    record(1)
    monkeypatch.setattr(tasks, "_log_of_events", Standing())
    with capture_logs() as lines:
        tasks.extend_event_log()
        tasks.extend_event_log()
    told = [line for line in lines if line["event"] == "event_log_stands_still"]
    assert len(told) == 1  # and not each second
    assert health.sounding(health.ALARMS, health.read_signs()) == ["event-log"]
    alarms.clear("event-log")


def test_without_a_log_nothing_is_verified(settings: Settings, tmp_path: Path) -> None:
    settings.PORTAL_DATA, settings.CA_KEYS_DIR = tmp_path, ""
    tasks.verify_audit()
    tasks.extend_event_log()
    assert services.restore_events() == 0


def test_the_auditors_are_mailed_a_head_that_they_can_hold_against_the_log(
    numbers: list[int], settings: Settings, tmp_path: Path, keyed: Verifier, now: datetime
) -> None:
    settings.EVENT_LOG_AUDITORS = ["arvid@auditors.example", "aino@auditors.example"]
    anchors.anchor(now=now)
    items = OutboxItem.objects.filter(topic="event_log.anchored")
    assert {item.payload["address"] for item in items} == {*settings.EVENT_LOG_AUDITORS}
    message = mails.written(items[0], now=now)
    assert message is not None and str(keyed) in message.text
    start = message.text.index(f"{NAME}\n600\n")
    kept = tmp_path / "from-the-mail"
    kept.write_text(message.text[start : message.text.index("\n\n", start + 80)] + "\n")
    restart()
    assert services.verify_audit(places=[kept]).findings == []
