import errno
import os
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from issuance import journal
from issuance.journal import Entry, JournalUnavailable, files


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    settings.PORTAL_DATA = tmp_path
    journal.ensure_room("ca")
    return tmp_path


def entry(attempt: int) -> Entry:
    reference = "11111111-2222-3333-4444-555555555555"
    return Entry(reference, attempt, "01AB", b"\x30\x00" * attempt, {"profile_id": "server"})


def test_entries_come_back_in_order() -> None:
    for attempt in (1, 2, 3):
        journal.append("ca", [entry(attempt)])
    assert list(journal.entries("ca")) == [entry(1), entry(2), entry(3)]


def test_an_attempt_is_found() -> None:
    journal.append("ca", [entry(1)])
    journal.append("ca", [entry(2)])
    assert journal.find("ca", reference=entry(2).reference, attempt=2) == entry(2)
    assert journal.find("ca", reference=entry(2).reference, attempt=3) is None
    assert journal.find("ca", reference="another", attempt=2) is None


def test_each_ca_has_a_journal_of_its_own() -> None:
    journal.append("ca", [entry(1)])
    assert list(journal.entries("other")) == []


@pytest.mark.parametrize("kept", [1, 40, 70, 150])
def test_a_torn_last_line_is_passed_over_and_the_next_entry_is_whole(kept: int) -> None:
    journal.append("ca", [entry(1)])
    with journal.path("ca").open("ab") as file:
        file.write(entry(2).line()[:kept])
    assert list(journal.entries("ca")) == [entry(1)]
    journal.append("ca", [entry(3)])
    assert list(journal.entries("ca")) == [entry(1), entry(3)]


def test_a_changed_line_is_passed_over() -> None:
    journal.append("ca", [entry(1)])
    path = journal.path("ca")
    path.write_bytes(path.read_bytes().replace(b"01AB", b"01AC"))
    assert list(journal.entries("ca")) == []


def test_only_the_owner_reads_it() -> None:
    journal.append("ca", [entry(1)])
    assert journal.path("ca").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_noticed_before_signing(monkeypatch: pytest.MonkeyPatch) -> None:
    space = namedtuple("space", "f_bavail f_frsize")(10, 4096)
    monkeypatch.setattr(files.os, "statvfs", lambda _: space)
    with pytest.raises(JournalUnavailable):
        journal.ensure_room("ca")


def test_a_journal_that_cannot_be_written_is_unavailable() -> None:
    journal.path("ca").mkdir()
    with pytest.raises(JournalUnavailable):
        journal.append("ca", [entry(1)])


def test_only_the_first_certificate_of_an_attempt_counts() -> None:
    second = replace(entry(1), der=b"\x30\x01\x00")
    assert journal.append("ca", [entry(1)]) == [entry(1)]
    assert journal.append("ca", [second, entry(2)]) == [entry(1), entry(2)]
    assert list(journal.entries("ca")) == [entry(1), entry(2)]


def test_what_another_process_appends_is_found() -> None:
    journal.append("ca", [entry(1)])
    assert journal.find("ca", reference=entry(2).reference, attempt=2) is None
    if not (child := os.fork()):
        try:
            journal.append("ca", [entry(2)])
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert journal.find("ca", reference=entry(2).reference, attempt=2) == entry(2)


def test_a_file_moved_aside_is_still_read() -> None:
    journal.append("ca", [replace(entry(1), serial="0A")])
    journal.path("ca").rename(journal.path("ca").with_name("ca.journal.2026"))
    journal.append("ca", [replace(entry(2), serial="0B")])
    assert [each.attempt for each in journal.entries("ca")] == [1, 2]
    assert journal.find("ca", reference=entry(1).reference, attempt=1)
    assert journal.holds_serial("ca", 0x0A) and journal.holds_serial("ca", 0x0B)
    assert not journal.holds_serial("ca", 0x0C)
    assert list(journal.faults("ca")) == []


def test_all_of_many_references_are_found_at_once() -> None:
    other = replace(entry(1), reference=str(uuid4()), serial="0F")
    journal.append("ca", [entry(1), other, entry(2)])
    wanted = [other.reference, str(uuid4()), entry(1).reference]
    assert journal.of_references("ca", wanted) == [other, entry(1), entry(2)]
    assert journal.of_references("ca", [str(uuid4())]) == []


def test_a_journal_put_back_from_a_copy_is_read_anew() -> None:
    journal.append("ca", [entry(1)])
    first = journal.path("ca").read_bytes()
    journal.append("ca", [entry(2)])
    assert len(journal.of_references("ca", [entry(1).reference])) == 2
    journal.path("ca").write_bytes(first)
    assert journal.of_references("ca", [entry(1).reference]) == [entry(1)]


def test_a_line_taken_out_breaks_the_chain() -> None:
    for attempt in (1, 2, 3):
        journal.append("ca", [entry(attempt)])
    assert list(journal.faults("ca")) == []
    lines = journal.path("ca").read_bytes().splitlines(keepends=True)
    journal.path("ca").write_bytes(lines[0] + lines[2])
    assert list(journal.faults("ca")) == ["ca.journal:2"]
    journal.path("ca").write_bytes(lines[1] + lines[2])
    assert list(journal.faults("ca")) == ["ca.journal:1"]


def test_a_whole_line_without_its_end_counts() -> None:
    journal.append("ca", [entry(1)])
    path = journal.path("ca")
    path.write_bytes(path.read_bytes()[:-1])
    assert journal.append("ca", [entry(1), entry(2)]) == [entry(1), entry(2)]
    assert list(journal.entries("ca")) == [entry(1), entry(2)]
    assert list(journal.faults("ca")) == []


def full_until(gone: Path) -> Callable[[int, bytes], int]:
    real = os.write

    def write(descriptor: int, content: bytes) -> int:
        if gone.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, content)

    return write


def test_the_reserve_makes_room_for_what_was_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = journal.path("ca").with_suffix(".reserve")
    monkeypatch.setattr(files.os, "write", full_until(reserve))
    journal.append("ca", [entry(1)])
    assert list(journal.entries("ca")) == [entry(1)]
    assert not reserve.exists()


def test_half_a_line_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    journal.append("ca", [entry(1)])

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", fail)
        with pytest.raises(JournalUnavailable, match="Input/output error"):
            journal.append("ca", [entry(2)])
    assert list(journal.entries("ca")) == [entry(1)]


@pytest.mark.parametrize("found", ["again", "ensured"])
def test_what_a_killed_process_wrote_is_forced_to_disk(
    monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    """It may have been killed after it wrote the line and before it forced it to disk."""
    journal.append("ca", [entry(1)])
    forced = set[str]()

    def force(descriptor: int) -> None:
        forced.add(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    monkeypatch.setattr(files.os, "fsync", force)
    if found == "again":
        assert journal.append("ca", [entry(1)]) == [entry(1)]
    else:
        journal.ensure_lasting("ca")
    assert "ca.journal" in forced
