"""The log is in the journal's second place before a signature; what is lost on the way is told."""

import signal
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from pytest_django import Settings

from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.models import Event
from certportal.operations import self_checks
from issuance import journal, services
from issuance.event_names import IssuanceEvent
from issuance.journal import CopyUnavailable
from issuance.models import Certificate
from issuance.services.event_log import anchors, build, second_place as second_place_of_log
from tests.full_disk import full_disk
from tests.issuance.children import in_child
from tests.issuance.conftest import Make
from tests.issuance.event_log.conftest import OnHost, Record, log_files
from tests.issuance.event_log.second_place import copied, ensure_same, issue, numbers_in

pytestmark = pytest.mark.django_db(transaction=True)
CA = "sote-ec-1"


def test_the_approval_is_in_the_second_place_before_the_signature(
    host: OnHost, make: Make, keyed: Verifier, now: datetime
) -> None:
    with host("tuike1"):
        attempt = make()
        issue(attempt, now)
        approval = Event.objects.get(action=IssuanceEvent.APPROVED, object_id=str(attempt.pk))
        assert approval.pk in numbers_in(copied(), keyed)
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
