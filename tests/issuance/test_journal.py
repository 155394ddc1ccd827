from collections import namedtuple
from pathlib import Path

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
