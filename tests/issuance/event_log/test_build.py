"""The log is made of the events that were committed, once each, whatever dies meanwhile."""

import fcntl
import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import Settings

from certportal.foundation import alarms, own_files
from certportal.foundation.event_log.files import LogUnavailable, folder
from certportal.foundation.event_log.leaves import event_of
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.tree_hashes import leaf_hash, root
from certportal.foundation.models import Event
from certportal.operations import health
from issuance import services, tasks
from issuance.services.event_log import anchors, build, key
from issuance.services.recovery.take_over import Source
from tests.full_disk import full_disk
from tests.issuance.children import in_child, start_child
from tests.issuance.event_log.conftest import (
    Record,
    copy_of_log,
    insert,
    log_files,
    put_back,
    restart,
)
from tests.issuance.hosts import on, take_it
from tests.tables import unkept

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 20
POINTS = ("log_before_tiles", "log_between_tiles", "log_before_head", "log_after_head")


def logged(verifier: Verifier) -> list[int]:
    """Return the numbers of the events in the log, which is whole."""
    files = log_files()
    head = files.head(verifier)
    assert head is not None
    entries = list(files.entries(0, head.size))
    assert root([leaf_hash(entry) for entry in entries]) == head.root
    assert files.tiles(head.size).root(head.size) == head.root
    return [event_of(entry)["id"] for entry in entries]


def extend_anew() -> int:
    """Extend the log as a process does that has just started."""
    restart()
    return build.extend()


def every_number() -> list[int]:
    return list(Event.objects.order_by("pk").values_list("pk", flat=True))


def test_events_from_before_the_log_are_its_first_leaves(keyed: Verifier, record: Record) -> None:
    for number in range(5):
        record(number)
    assert build.extend() == 5
    record(6)
    assert build.extend() == 1
    assert build.extend() == 0
    assert logged(keyed) == every_number()


def test_without_a_key_there_is_no_log(settings: Settings, tmp_path: Path, record: Record) -> None:
    settings.PORTAL_DATA, settings.CA_KEYS_DIR = tmp_path, ""
    record(1)
    assert build.extend() == 0
    assert not folder().exists()


def test_an_event_is_taken_when_it_is_committed_though_its_number_is_lower(
    keyed: Verifier, other: BaseDatabaseWrapper, record: Record, now: datetime
) -> None:
    other.set_autocommit(False)
    early = insert(other, now)
    late = record(2).pk
    assert early < late
    assert build.extend() == 1
    assert logged(keyed) == [late]
    for number in (3, 4):
        record(number)
        assert build.extend() == 1
    assert build.horizon() < early
    other.commit()
    assert build.extend() == 1
    assert logged(keyed) == [late, late + 1, late + 2, early]
    assert build.extend() == 0
    assert build.horizon() == late + 2


def test_an_event_taken_back_is_no_leaf_and_holds_nothing_up(
    keyed: Verifier, other: BaseDatabaseWrapper, record: Record, now: datetime
) -> None:
    other.set_autocommit(False)
    gone = insert(other, now)
    kept = record(1).pk
    build.extend()
    other.rollback()
    record(2)
    build.extend()
    assert logged(keyed) == [kept, kept + 1]
    assert build.horizon() == kept + 1 > gone


def test_transactions_that_overlap_without_end_let_the_horizon_move(
    keyed: Verifier, other: BaseDatabaseWrapper, record: Record, now: datetime
) -> None:
    third = connection.copy()
    pair = [other, third]
    for one in pair:
        one.set_autocommit(False)
    numbers = [insert(other, now)]
    build.extend()
    try:
        for turn in range(6):
            numbers.append(insert(pair[1 - turn % 2], now))
            pair[turn % 2].commit()
            build.extend()
            assert build.horizon() >= numbers[turn] - 1
    finally:
        pair[0].commit()
        pair[1].commit()
        third.close()
    build.extend()
    assert sorted(logged(keyed)) == numbers


def test_a_builder_inside_another_transaction_is_refused(keyed: Verifier) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        build.extend()


def test_many_events_are_taken_part_by_part(keyed: Verifier, record: Record) -> None:
    for number in range(700):
        record(number)
    taken = []
    while new := build.extend(most=300):
        taken.append(new)
    assert taken == [300, 300, 100]
    assert logged(keyed) == every_number()
    assert build.horizon() == every_number()[-1]


def test_another_process_goes_on_where_one_ended(keyed: Verifier, record: Record) -> None:
    for turn in range(8):
        for number in range(100):
            record(number)
        assert in_child(build.extend) == 0
        record(turn)
        assert build.extend() == 1
    assert logged(keyed) == every_number()


@pytest.mark.parametrize("left", [None, "", '{"size": 3'])
def test_a_log_that_has_lost_its_state_finds_out_from_its_entries(
    keyed: Verifier, record: Record, left: str | None
) -> None:
    """It is not forced to disk, so a power failure may leave it empty or cut."""
    for number in range(300):
        record(number)
    build.extend()
    state = folder() / ".state"
    state.unlink() if left is None else state.write_text(left)
    record(1)
    assert in_child(build.extend) == 0
    assert logged(keyed) == every_number()


def test_a_log_that_was_copied_while_it_grew_goes_on_after_a_take_over(
    keyed: Verifier, record: Record, settings: Settings, tmp_path: Path, now: datetime
) -> None:
    for number in range(300):
        record(number)
    build.extend()
    early = log_files().note()
    record(1)
    build.extend()
    copy_of_log(tmp_path / "tuike2/journal/events")
    with on(settings, "tuike2", tmp_path):
        log_files().head_path.write_text(early)
        assert (folder() / ".state").exists(), "it tells of the later head"
        take_it(Source.LOST, now=now)
        record(2)
        build.extend_wholly()
        assert logged(keyed) == every_number()


def test_a_log_does_not_grow_past_a_database_that_was_wound_back(
    keyed: Verifier, record: Record
) -> None:
    numbers = [record(number).pk for number in range(10)]
    with transaction.atomic():
        record(11)
        transaction.set_rollback(True)  # its number is given and decided all the same
    build.extend()
    build.extend()
    before = list(Event.objects.order_by("pk").values())
    with unkept(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM foundation_event WHERE id > %s", [numbers[4]])
        cursor.execute("SELECT setval('foundation_event_id_seq', %s)", [numbers[4]])
    for act in (build.extend, extend_anew):
        with pytest.raises(LogUnavailable, match="run restore_events"):
            act()
    tasks.extend_event_log()
    assert health.sounding(health.ALARMS, health.read_signs()) == ["event-log"]
    assert services.restore_events() == 5
    assert list(Event.objects.order_by("pk").values()) == before
    assert record(12).pk == numbers[-1] + 2
    assert build.extend() == 1
    assert logged(keyed) == every_number()
    alarms.clear("event-log")


def test_a_signer_whose_key_went_goes_on_with_no_log_and_is_not_well(
    keyed: Verifier, record: Record, settings: Settings, tmp_path: Path
) -> None:
    record(1)
    build.extend()
    settings.CA_KEYS_DIR = str(tmp_path / "empty")
    assert build.extend() == 0, "others never had it"
    settings.PORTAL_PROCESS = "ca"
    with pytest.raises(LogUnavailable, match="the key of the log is missing"):
        build.extend()
    tasks.extend_event_log()
    with pytest.raises(LogUnavailable, match="the key of the log is missing"):
        tasks.verify_audit()
    signs = health.read_signs()
    assert health.sounding(health.ALARMS, signs) == ["event-log"]
    assert "verify-audit" in health.sounding(health.TO_DO, signs)
    folder().rename(tmp_path / "aside")
    another = key.make("log.example.fi/events-2")
    build.extend_wholly()
    assert logged(another) == every_number()
    alarms.clear("event-log", "verify-audit")


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_each_step_the_log_has_every_event_once_and_never_forks(
    keyed: Verifier, record: Record, settings: Settings, tmp_path: Path, point: str
) -> None:
    settings.FAULT_POINTS_DIR = str(tmp_path)
    heads = []
    for turn in range(TIMES):
        for number in range(30):
            record(number, turn=turn)
        (tmp_path / point).touch()
        assert in_child(build.extend) == signal.SIGKILL
        record(turn)
        assert in_child(build.extend) == 0
        head = log_files().head(keyed)
        assert head is not None
        heads.append(head)
    assert logged(keyed) == every_number()
    tiles = log_files().tiles(heads[-1].size)
    assert [tiles.root(head.size) for head in heads] == [head.root for head in heads]


def test_two_builders_at_once_make_one_log(keyed: Verifier, record: Record) -> None:
    for turn in range(TIMES):
        for number in range(20):
            record(number, turn=turn)
        for child in [start_child(build.extend) for _ in range(2)]:
            assert os.waitpid(child, 0)[1] == 0
    assert logged(keyed) == every_number()


def test_a_full_disk_stops_the_log_and_loses_nothing(keyed: Verifier, record: Record) -> None:
    with full_disk(folder()):
        for number in range(600):
            record(number, text="x" * 200)
        # The operator reads in the log what is wrong with the disk.
        with pytest.raises(LogUnavailable, match=r"No space left|Not a directory"):
            build.extend()
    assert build.extend() == 600
    assert logged(keyed) == every_number()


def test_a_log_whose_tiles_were_changed_is_not_continued(keyed: Verifier, record: Record) -> None:
    record(1)
    build.extend()
    (tile,) = (folder() / "tile/0/000.p").iterdir()
    tile.write_bytes(bytes(32))
    record(2)
    with pytest.raises(LogUnavailable, match="do not fit"):
        extend_anew()


@pytest.mark.parametrize("at", [0, 1])
def test_a_log_whose_head_is_missing_or_older_is_not_continued(
    keyed: Verifier, record: Record, at: int
) -> None:
    heads = [""]
    for number in range(2):
        record(number)
        build.extend()
        heads.append(log_files().note())
    log_files().head_path.write_text(heads[at])
    record(3)
    with pytest.raises(LogUnavailable, match="missing, or older"):
        extend_anew()


def test_an_old_copy_of_the_log_is_not_continued(
    keyed: Verifier, record: Record, tmp_path: Path, now: datetime
) -> None:
    record(1)
    build.extend()
    copy_of_log(tmp_path / "copy")
    record(2)
    build.extend()
    anchors.anchor(now=now)
    put_back(tmp_path / "copy")
    record(3)
    with pytest.raises(LogUnavailable, match="older log"):
        extend_anew()


def test_an_old_copy_put_under_a_builder_at_work_is_not_continued(
    keyed: Verifier, record: Record, tmp_path: Path
) -> None:
    record(1)
    build.extend()
    copy_of_log(tmp_path / "copy")
    record(2)
    build.extend()
    put_back(tmp_path / "copy")
    record(3)
    for _ in range(2):
        with pytest.raises(LogUnavailable, match="known from this process"):
            build.extend()


def test_the_head_of_another_key_is_not_continued(
    keyed: Verifier, record: Record, settings: Settings, tmp_path: Path
) -> None:
    record(1)
    build.extend()
    settings.CA_KEYS_DIR = str(tmp_path / "others")
    key.make(keyed.name)
    with pytest.raises(LogUnavailable, match="has not signed"):
        extend_anew()


def test_only_the_owner_reads_the_log_and_its_key(keyed: Verifier, record: Record) -> None:
    record(1)
    build.extend()
    modes = {path.stat().st_mode & 0o077 for path in folder().rglob("*")}
    assert modes == {0}
    assert Path(key._path(".key")).stat().st_mode & 0o377 == 0


def test_a_key_is_never_replaced(keyed: Verifier) -> None:
    with pytest.raises(FileExistsError):
        key.make("log.example.fi/another")
    assert key.load().verifier == keyed


def test_a_key_is_made_by_one_run_at_a_time(
    keyed: Verifier, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two runs, the one that waited would delete the other's private key as left over."""
    settings.CA_KEYS_DIR = str(tmp_path / "others")
    write_new, locked = own_files.write_new, []

    def write(path: Path, *given: Any, **more: Any) -> None:
        another = os.open(path.parent, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(another)
        locked.append(path.name)
        write_new(path, *given, **more)

    monkeypatch.setattr(own_files, "write_new", write)
    key.make(keyed.name)
    assert locked == ["event-log.key", "event-log.vkey"]
