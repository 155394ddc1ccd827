"""A machine that takes over the signing goes on with the log of the second place, or refuses it."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import Settings

from certportal.foundation.event_log.files import folder
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.models import Event
from issuance.models import SigningLease
from issuance.services.event_log import anchors, build, key
from issuance.services.recovery.take_over import CannotTakeOver, Source, plan
from tests.issuance.conftest import Make
from tests.issuance.event_log.conftest import OnHost, Record, insert, log_files, restart
from tests.issuance.event_log.second_place import copied, ensure_same, issue, named, numbers_in
from tests.issuance.hosts import take_it

pytestmark = pytest.mark.django_db(transaction=True)


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
            patch.setattr("certportal.foundation.files.other_disks.LIMIT", 0.0)
            take_it(Source.COPY, now=now)
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
        with pytest.raises(CannotTakeOver, match="have diverged"):
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
