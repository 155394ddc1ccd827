"""Each line of the journal is in its second place before the certificate leaves."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest
from pytest_django import Settings

from certportal.foundation.files import other_disks
from certportal.operations import self_checks
from issuance import journal, services
from issuance.journal import copies, files
from issuance.models import (
    Certificate,
    PreparedCertificate,
)
from tests import hanging_disk
from tests.full_disk import full_disk
from tests.issuance.one_signer.steps import (
    CA,
    OnHost,
    copied,
    issue,
    read_only,
)


def test_each_line_is_in_the_second_place_also_of_files_moved_aside(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    settings: Settings,
    second_place: Path,
    now: datetime,
) -> None:
    with host("tuike1"):
        settings.JOURNAL_COPY = ""
        issue(make(), now)
        settings.JOURNAL_COPY = str(second_place)
        issue(make(), now)
        moved = journal.path(CA).rename(journal.path(CA).with_name(f"{CA}.journal.2026"))
        issue(make(), now)
        assert copied(second_place) == moved.read_bytes() + journal.path(CA).read_bytes()


@pytest.mark.parametrize("fault", ["full", "missing", "no folder of its own", "read-only"])
def test_nothing_is_signed_while_the_second_place_is_away_and_health_names_it(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    fault: str,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        with _away(second_place, fault):
            with pytest.raises(journal.CopyUnavailable):
                services.issue(prepared.reference, now=now)
            assert "journal-copy" in self_checks.failing("ca")
            prepared.refresh_from_db()
            assert prepared.state == PreparedCertificate.State.PREPARED
        assert "journal-copy" not in self_checks.failing("ca")
        issue(prepared, now)
        assert copied(second_place) == journal.path(CA).read_bytes()


class _away:
    """The second place is full, gone, empty (not mounted), or can only be read."""

    def __init__(self, folder: Path, fault: str) -> None:
        self.folder, self.fault = folder, fault
        self.aside = folder.with_name("aside")
        self.patch = pytest.MonkeyPatch()
        (self.own,) = folder.iterdir()
        self.disk = full_disk(self.own)

    def __enter__(self) -> None:
        if self.fault == "full":
            self.disk.__enter__()
        if self.fault in {"missing", "no folder of its own"}:
            self.folder.rename(self.aside)
        if self.fault == "no folder of its own":
            self.folder.mkdir()
        if self.fault == "read-only":
            self.patch.setattr(copies, "open_or_make", read_only)

    def __exit__(self, *_: object) -> None:
        if self.fault == "full":
            self.disk.__exit__(None, None, None)
        if self.fault == "no folder of its own":
            self.folder.rmdir()
        if self.fault in {"missing", "no folder of its own"}:
            self.aside.rename(self.folder)
        self.patch.undo()


def test_a_second_place_that_fails_after_the_signature_keeps_the_certificate_back(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        with monkeypatch.context() as patch:
            patch.setattr(copies.os, "pwrite", read_only)
            with pytest.raises(journal.CopyUnavailable):
                services.issue(prepared.reference, now=now)
        assert len(list(journal.entries(CA))) == 2
        assert Certificate.objects.count() == 1
        issue(prepared, now)
        assert copied(second_place) == journal.path(CA).read_bytes()
        assert len(list(journal.entries(CA))) == 2


@pytest.fixture
def answers() -> Iterator[Event]:
    """Until it is set the second place hangs; afterwards nothing does."""
    made = Event()
    yield made
    made.set()
    hanging_disk.forget()


def test_a_second_place_that_hangs_holds_nobody_for_ever(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    answers: Event,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        with monkeypatch.context() as patch:
            patch.setattr(other_disks, "LIMIT", 0.01)
            patch.setattr(copies, "_ensure_room", lambda _: answers.wait())
            with pytest.raises(journal.CopyUnavailable, match="does not answer"):
                journal.ensure_copied(CA)
            with pytest.raises(journal.CopyUnavailable, match="hangs"):
                services.issue(prepared.reference, now=now)
        answers.set()
        hanging_disk.forget()
        issue(prepared, now)


@pytest.mark.parametrize("is_other_process", [False, True])
def test_what_could_not_be_forced_to_the_second_place_is_forced_before_a_certificate_leaves(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    is_other_process: bool,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        forced = _Forced(second_place, fails=True)
        monkeypatch.setattr(copies.os, "fsync", forced)
        with pytest.raises(journal.CopyUnavailable):
            services.issue(prepared.reference, now=now)
        assert copied(second_place) == journal.path(CA).read_bytes()
        with pytest.raises(journal.CopyUnavailable):
            services.issue(prepared.reference, now=now)
        assert Certificate.objects.count() == 1
        if is_other_process:
            copies._synced.clear()
            copies._synced_folders_of.clear()
        forced.fails = False
        issue(prepared, now)
        assert forced.names == {f"{CA}.journal"} | ({"folder"} if is_other_process else set())


class _Forced:
    """``os.fsync`` that notes what of the second place was forced to disk, or fails there."""

    def __init__(self, folder: Path, *, fails: bool) -> None:
        self.folder, self.fails, self.names = folder, fails, set[str]()
        self.fsync = os.fsync

    def __call__(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if self.folder in path.parents:
            if self.fails:
                raise OSError(5, "Input/output error", str(path))
            self.names.add("folder" if path.is_dir() else path.name)
        self.fsync(descriptor)


def test_bytes_whose_writing_failed_are_written_again(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared = make()
    with host("tuike1"):
        issue(make(), now)
        with monkeypatch.context() as patch:
            patch.setattr(copies.os, "fsync", _Forced(second_place, fails=True))
            with pytest.raises(journal.CopyUnavailable):
                services.issue(prepared.reference, now=now)
        (copy,) = second_place.glob(f"*/{CA}.journal")
        known = len(copy.read_bytes().splitlines(keepends=True)[0])
        written = list[int]()
        pwrite = os.pwrite

        def noting(descriptor: int, block: bytes, offset: int) -> int:
            written.append(offset)
            return pwrite(descriptor, block, offset)

        monkeypatch.setattr(copies.os, "pwrite", noting)
        issue(prepared, now)
        assert written == [known]


def test_a_disk_of_the_journal_that_fails_is_tried_again_and_named(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        with monkeypatch.context() as patch:
            patch.setattr(files.own_files, "open_or_make", read_only)
            with pytest.raises(journal.JournalUnavailable, match="Read-only"):
                journal.ensure_copied(CA)
            assert "journal-copy" in self_checks.failing("ca")


def test_a_new_and_empty_second_place_is_refused_with_what_to_do(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    settings: Settings,
    now: datetime,
    tmp_path: Path,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        settings.JOURNAL_COPY = str(tmp_path / "new")
        (tmp_path / "new").mkdir()
        with pytest.raises(journal.CopyUnavailable, match=r"a new place, .* make it anew, empty"):
            issue(make(), now)
        (tmp_path / "new" / journal.identity()).mkdir()
        issue(make(), now)
        assert copied(tmp_path / "new") == journal.path(CA).read_bytes()


def test_a_journal_behind_its_copy_signs_nothing(
    host: OnHost,
    make: Callable[[], PreparedCertificate],
    second_place: Path,
    now: datetime,
) -> None:
    with host("tuike1"):
        issue(make(), now)
        before = journal.path(CA).read_bytes()
        issue(make(), now)
        journal.path(CA).write_bytes(before)
        with pytest.raises(journal.CopyUnavailable, match="ahead of the journal"):
            issue(make(), now)
