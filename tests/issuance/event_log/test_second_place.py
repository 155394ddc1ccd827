"""The log is in the journal's second place before a signature, and a take-over goes on with it."""

import shutil
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.files import LogFiles, folder
from certportal.foundation.event_log.leaves import number_of
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.models import Event
from certportal.operations import self_checks
from issuance import journal, services
from issuance.event_names import IssuanceEvent
from issuance.journal import CopyUnavailable
from issuance.models import Certificate, IssuingCA, PreparedCertificate, SigningLease
from issuance.services.event_log import anchors, build, key
from issuance.services.event_log import second_place as second_place_of_log
from issuance.services.event_log.second_place import log_in
from issuance.services.recovery.take_over import CannotTakeOver, Source, plan
from tests.full_disk import full_disk
from tests.issuance.children import in_child
from tests.issuance.conftest import approve_by
from tests.issuance.event_log.conftest import Record, insert, log_files, restart
from tests.issuance.hosts import on, take_it
from tests.issuance.orders import server_order

pytestmark = pytest.mark.django_db(transaction=True)

CA = "sote-ec-1"
POINTS = (
    "log_after_head",
    "log_copy_before_files",
    "log_copy_between_files",
    "log_copy_before_head",
    "log_copy_after_head",
)

type OnHost = Callable[[str], AbstractContextManager[None]]
type Make = Callable[[], PreparedCertificate]


@pytest.fixture
def second_place(
    cas: dict[str, IssuingCA], keyed: Verifier, settings: Settings, tmp_path: Path
) -> Path:
    place = tmp_path / "second"
    place.mkdir()
    settings.JOURNAL_COPY = str(place)
    return place


@pytest.fixture
def host(second_place: Path, settings: Settings, tmp_path: Path) -> OnHost:
    return lambda name: on(settings, name, tmp_path)


@pytest.fixture
def make(pharmacy: Organisation, riitta: Person, now: datetime) -> Make:
    """Prepare a certificate that Riitta approves."""

    def make() -> PreparedCertificate:
        prepared = services.prepare(server_order(pharmacy), now=now)
        approve_by(riitta, prepared, now)
        return prepared

    return make


@pytest.fixture
def points(settings: Settings, tmp_path: Path) -> Path:
    place = tmp_path / "points"
    place.mkdir()
    settings.FAULT_POINTS_DIR = str(place)
    return place


def issue(prepared: PreparedCertificate, now: datetime) -> Certificate:
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    return issued


def copied() -> LogFiles:
    """The log in this machine's second place."""
    place = journal.place(journal.identity())
    assert place is not None
    return log_in(place)


def numbers_in(files: LogFiles, verifier: Verifier) -> list[int]:
    head = files.head(verifier)
    assert head is not None
    return [number_of(entry) for entry in files.entries(0, head.size)]


def ensure_same() -> None:
    """Both places have one head, and the same files under it."""
    here, copy = log_files(), copied()
    assert copy.note() == here.note()
    for path in copy.folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (here.folder / path.relative_to(copy.folder)).read_bytes()


def named() -> list[str]:
    """What a verification in a new process names."""
    restart()
    return [str(finding) for finding in services.verify_audit().findings]


def test_the_approval_is_in_the_second_place_before_the_signature(
    host: OnHost, make: Make, keyed: Verifier, now: datetime
) -> None:
    with host("tuike1"):
        attempt = make()
        issue(attempt, now)
        approval = Event.objects.get(action=IssuanceEvent.APPROVED, object_id=str(attempt.pk))
        assert approval.pk in numbers_in(copied(), keyed)
        ensure_same()


def test_a_machine_that_takes_over_signs_at_once_and_nothing_is_named(
    host: OnHost, make: Make, record: Record, keyed: Verifier, now: datetime, tmp_path: Path
) -> None:
    with host("tuike1"):
        for number in range(300):
            record(number)
        issue(make(), now)
        anchors.anchor(now=now)
        before = log_files().head(keyed)
    shutil.rmtree(tmp_path / "tuike1")
    with host("tuike2"):
        assert before is not None
        planned = plan(Source.COPY)
        assert planned.leaves == before.size
        take_it(Source.COPY, now=now)
        assert issue(make(), now).term == 2
        assert named() == []
        after = log_files().head(keyed)
        assert after is not None
        assert log_files().tiles(after.size).root(before.size) == before.root
        assert numbers_in(log_files(), keyed) == sorted(Event.objects.values_list("pk", flat=True))
        ensure_same()


def test_a_take_over_copies_the_log_however_long_it_takes(
    host: OnHost, make: Make, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with host("tuike1"):
        issue(make(), now)
    with host("tuike2"):
        with monkeypatch.context() as patch:
            patch.setattr("issuance.journal.copies.LIMIT", 0.0)
            take_it(Source.COPY, now=now)
        ensure_same()


def test_a_head_that_a_killed_process_moved_into_place_is_forced_to_disk(
    host: OnHost, make: Make, now: datetime
) -> None:
    with host("tuike1"):
        issue(make(), now)
        build.extend_wholly()
        head = copied().head_path
        first = head.stat().st_ino
        build.extend_wholly()
        assert head.stat().st_ino == first, "this process has forced it"
        second_place_of_log._durable.clear()
        build.extend_wholly()
        assert head.stat().st_ino != first
        ensure_same()


def test_the_log_goes_back_to_a_machine_that_has_the_beginning_of_it(
    host: OnHost, make: Make, record: Record, keyed: Verifier, now: datetime
) -> None:
    with host("tuike1"):
        issue(make(), now)
    with host("tuike2"):
        take_it(Source.COPY, now=now)
        for number in range(300):
            record(number)
        issue(make(), now)
    with host("tuike1"):
        take_it(Source.COPY, now=now)
        assert issue(make(), now).term == 3
        assert named() == []
        ensure_same()


def test_a_log_here_that_goes_on_from_the_copy_is_kept(
    host: OnHost,
    make: Make,
    record: Record,
    keyed: Verifier,
    now: datetime,
    settings: Settings,
    second_place: Path,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        settings.JOURNAL_COPY = ""
        record(1)
        build.extend_wholly()
        longer = log_files().note()
    settings.JOURNAL_COPY = str(second_place)
    SigningLease.objects.update(journal="", taken_from=SigningLease.objects.get().journal)
    with host("tuike1"):
        take_it(Source.COPY, now=now)
        assert log_files().note() == longer
        issue(make(), now)
        assert named() == []


def test_logs_that_have_parted_are_refused_until_one_is_put_aside(
    host: OnHost,
    make: Make,
    record: Record,
    other: BaseDatabaseWrapper,
    now: datetime,
    settings: Settings,
    second_place: Path,
    tmp_path: Path,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        other.set_autocommit(False)
        insert(other, now)
        settings.JOURNAL_COPY = ""
        record(1)
        build.extend_wholly()
        other.commit()
    settings.JOURNAL_COPY = str(second_place)
    with host("tuike2"):  # has the event that was committed later first
        take_it(Source.COPY, now=now)
        issue(make(), now)
    with host("tuike1"):
        with pytest.raises(CannotTakeOver, match="have parted"):
            plan(Source.COPY)
        folder().rename(tmp_path / "aside")
        take_it(Source.COPY, now=now)
        restart()
        assert issue(make(), now).term == 3
        assert named() == []


def test_a_copy_that_is_behind_is_refused(
    host: OnHost, make: Make, keyed: Verifier, now: datetime, tmp_path: Path
) -> None:
    with host("tuike1"):
        issue(make(), now)
        place = copied().folder
        shutil.copytree(place, tmp_path / "older")
        issue(make(), now)
        ensure_same()
    shutil.rmtree(place)
    shutil.copytree(tmp_path / "older", place)
    with host("tuike2"):
        with pytest.raises(CannotTakeOver, match="lacks the approvals"):
            plan(Source.COPY)
        place.rename(tmp_path / "aside")
        assert plan(Source.COPY).leaves is None


def test_a_copy_older_than_an_event_knows_is_refused(
    host: OnHost, make: Make, record: Record, now: datetime, tmp_path: Path
) -> None:
    with host("tuike1"):
        issue(make(), now)
        place = copied().folder
        shutil.copytree(place, tmp_path / "older")
        record(1)
        build.extend_wholly()
        anchors.anchor(now=now)
    shutil.rmtree(place)
    shutil.copytree(tmp_path / "older", place)
    with host("tuike2"), pytest.raises(CannotTakeOver, match="an anchor knows a longer one"):
        plan(Source.COPY)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("tile", "an entry of the log was changed"),
        ("entries", "has 0 entries"),
        ("head", "has not signed this"),
        ("key", "is not among the keys"),
    ],
)
def test_a_copy_that_is_damaged_or_of_another_key_is_refused(
    host: OnHost,
    make: Make,
    now: datetime,
    settings: Settings,
    tmp_path: Path,
    damage: str,
    words: str,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        place = copied().folder
    if damage == "tile":
        (tile,) = (place / "tile/0/000.p").iterdir()
        tile.write_bytes(bytes(len(tile.read_bytes())))
    if damage == "entries":
        (entries,) = (place / "tile/entries/000.p").iterdir()
        entries.write_bytes(b"")
    if damage in {"head", "key"}:
        settings.CA_KEYS_DIR = str(tmp_path / "others")
    if damage == "head":
        key.make("log.example.fi/events")
    with host("tuike2"):
        with pytest.raises(CannotTakeOver, match=words):
            plan(Source.COPY)
        assert not folder().exists()


def test_nothing_is_signed_while_the_log_is_not_copied_and_health_says_it(
    host: OnHost, make: Make, record: Record, now: datetime
) -> None:
    with host("tuike1"):
        issue(make(), now)
        for number in range(600):
            record(number, text="x" * 200)
        waiting = make()
        with full_disk(copied().folder):
            for _ in range(2):
                with pytest.raises(CopyUnavailable):
                    services.issue(waiting.reference, now=now)
                with pytest.raises(CopyUnavailable):
                    anchors.anchor(now=now)
            assert "journal-copy" in self_checks.failing("ca")
            assert len(list(journal.entries(CA))) == 1
        assert "journal-copy" not in self_checks.failing("ca")
        ensure_same()
        issue(waiting, now)


def test_what_was_signed_without_a_second_place_does_not_leave_before_the_log_is_there(
    host: OnHost,
    make: Make,
    now: datetime,
    settings: Settings,
    second_place: Path,
    points: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with host("tuike1"):
        signed = make()
        settings.JOURNAL_COPY = ""
        (points / "after_journal").touch()
        assert in_child(partial(services.issue, signed.reference, now=now)) == signal.SIGKILL
        settings.JOURNAL_COPY = str(second_place)
        with monkeypatch.context() as patch:
            patch.setattr("issuance.services.event_log.second_place.write_head", _read_only)
            with pytest.raises(CopyUnavailable, match="Read-only"):
                services.issue(signed.reference, now=now)
        assert not Certificate.objects.exists()
        issue(signed, now)
        ensure_same()


def _read_only(*_: object) -> None:
    raise OSError(30, "Read-only file system")


def test_a_copy_that_is_ahead_or_of_another_log_is_named(
    host: OnHost, make: Make, record: Record, now: datetime
) -> None:
    with host("tuike1"):
        issue(make(), now)
        shorter = log_files().note()
        record(1)
        build.extend_wholly()
        longer = log_files().note()
        log_files().head_path.write_text(shorter)
        with pytest.raises(CopyUnavailable, match="ahead of the log"):
            services.ensure_journal_copied()
        log_files().head_path.write_text(longer)
        copied().head_path.write_text(shorter.replace("log.example.fi", "else.example.fi"))
        with pytest.raises(CopyUnavailable, match="of another log"):
            services.issue(make().reference, now=now)


def test_a_second_place_that_is_named_later_gets_the_whole_log_once(
    host: OnHost, record: Record, keyed: Verifier, settings: Settings, second_place: Path
) -> None:
    with host("tuike1"):
        settings.JOURNAL_COPY = ""
        for number in range(700):
            record(number)
        build.extend_wholly()
        settings.JOURNAL_COPY = str(second_place)
        assert build.extend() == 0
        ensure_same()
        first = (copied().folder / "tile/0/000").stat()
        for number in range(100):
            record(number)
        assert build.extend() == 100
        assert (copied().folder / "tile/0/000").stat() == first
        ensure_same()
        assert numbers_in(copied(), keyed) == list(
            Event.objects.order_by("pk").values_list("pk", flat=True)
        )
        assert not (copied().folder / "tile/0/002.p").exists(), "the full tile has taken its place"


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("goes_on", ["tuike1", "tuike2"])
def test_killed_between_the_log_and_its_copy(
    host: OnHost,
    make: Make,
    record: Record,
    keyed: Verifier,
    now: datetime,
    points: Path,
    point: str,
    goes_on: str,
) -> None:
    with host("tuike1"):
        for number in range(250):
            record(number)
        issue(make(), now)
        for number in range(20):
            record(number)
        waiting = make()
        (points / point).touch()
        work = partial(services.issue, waiting.reference, now=now)
        assert in_child(work) == signal.SIGKILL
        assert len(list(journal.entries(CA))) == 1
    with host(goes_on):
        restart()
        if goes_on == "tuike2":
            take_it(Source.COPY, now=now)
        issue(waiting, now)
        assert named() == []
        ensure_same()


@pytest.mark.parametrize(
    "point", ["log_copy_between_files", "log_copy_before_head", "take_over_after_log"]
)
def test_killed_while_the_log_is_taken_over(
    host: OnHost, make: Make, keyed: Verifier, now: datetime, points: Path, point: str
) -> None:
    with host("tuike1"):
        issue(make(), now)
    with host("tuike2"):
        (points / point).touch()
        work = partial(take_it, Source.COPY, now=now)
        assert in_child(work) == signal.SIGKILL
        assert SigningLease.objects.get().journal == "", "nobody signs"
        with pytest.raises(Unavailable):
            services.issue(make().reference, now=now)
        assert in_child(work) == 0
        issue(make(), now)
        assert named() == []
        ensure_same()
