"""After a restore, journals and the log of events fill in what the copy of the database lacks."""

import glob
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.backup import BackupFailed, back_up, restore, restoring
from certportal.foundation.event_log.files import folder
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject, record
from certportal.foundation.files import other_disks
from certportal.foundation.models import Event
from issuance import journal, services
from issuance.models import Certificate
from issuance.publication.repository import crl_path
from issuance.services.event_log import build, key
from issuance.services.issuing.journal_approved import NobodyApproved
from tests.hanging_disk import hanging
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order
from tests.portal.backup.restoring import fresh_database

pytestmark = pytest.mark.django_db(transaction=True)


def issued(pharmacy: Organisation, riitta: Person) -> Certificate:
    now = clock.now()
    prepared = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, prepared, now)
    certificate = services.issue(prepared.reference, now=now)
    assert certificate is not None
    return certificate


def test_an_older_copy_on_another_machine(
    cas: object,
    pharmacy: Organisation,
    riitta: Person,
    keys: tuple[Path, Path],
    settings: Settings,
    tmp_path: Path,
) -> None:
    before = issued(pharmacy, riitta)
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    after = [issued(pharmacy, riitta) for _ in range(3)]
    with fresh_database():
        assert restore(tmp_path / "backup", identity=keys[1])
        assert [each.serial for each in Certificate.objects.all()] == [before.serial]
        with pytest.raises(NobodyApproved):  # this database knows of no approval of the three
            issued(pharmacy, riitta)
        outcomes = services.reconcile(mend=True, now=clock.now())
        assert [outcome for _, outcome in outcomes] == ["fixed"] * 3
        newest = issued(pharmacy, riitta)
        serials = [each.serial for each in Certificate.objects.all()]
        assert len(set(serials)) == len(serials) == 5
        assert {before.serial, newest.serial, *(each.serial for each in after)} == set(serials)
        assert services.reconcile(mend=False, now=clock.now()) == []
        assert len(list(journal.entries("sote-ec-1"))) == 5


def test_files_that_are_there_stay_and_a_shorter_journal_gives_way(
    cas: object,
    pharmacy: Organisation,
    riitta: Person,
    keys: tuple[Path, Path],
    settings: Settings,
    tmp_path: Path,
) -> None:
    issued(pharmacy, riitta)
    first = journal.path("sote-ec-1").read_bytes()
    issued(pharmacy, riitta)
    second = journal.path("sote-ec-1").read_bytes()
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    journal.path("sote-ec-1").write_bytes(first)
    with fresh_database():
        kept = restore(tmp_path / "backup", identity=keys[1])
        assert "säilytettiin crl/sote-ec-1.crl" in kept
        assert journal.path("sote-ec-1").read_bytes() == second


def test_journals_that_have_parted_are_told_before_anything_is_touched(
    cas: object,
    pharmacy: Organisation,
    riitta: Person,
    keys: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    issued(pharmacy, riitta)
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    issued(pharmacy, riitta)
    journal.path("sote-ec-1").write_bytes(b"another journal\n")
    (published := crl_path("sote-ec-1")).unlink()
    with pytest.raises(BackupFailed, match="ristiriidassa keskenään"):
        restore(tmp_path / "backup", identity=keys[1], replace=True)
    assert Certificate.objects.count() == 2
    assert not published.exists()


def begin_line() -> None:
    """Leave a line that its writer did not finish."""
    with journal.path("sote-ec-1").open("ab") as file:
        file.write(b"0123456789abcdef")


def test_a_line_that_was_being_written_is_not_restored(
    cas: object,
    pharmacy: Organisation,
    riitta: Person,
    keys: tuple[Path, Path],
    settings: Settings,
    tmp_path: Path,
) -> None:
    """Its writer died, and another line stands in its place: the journals agree nevertheless."""
    issued(pharmacy, riitta)
    before = journal.path("sote-ec-1").read_bytes()
    begin_line()
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    issued(pharmacy, riitta)
    here = journal.path("sote-ec-1")
    after = here.read_bytes()
    begin_line()
    with fresh_database():
        assert f"säilytettiin {here.name}" in " ".join(restored(tmp_path, keys))
        assert here.read_bytes().startswith(after)
    here.unlink()
    with fresh_database():
        restored(tmp_path, keys)
        assert here.read_bytes() == before


def test_lines_of_the_second_place_are_found_after_one_that_was_being_written(
    cas: object,
    pharmacy: Organisation,
    riitta: Person,
    keys: tuple[Path, Path],
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.JOURNAL_COPY = str(tmp_path / "second")
    (tmp_path / "second").mkdir()
    issued(pharmacy, riitta)
    begin_line()
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    issued(pharmacy, riitta)
    (copy,) = (tmp_path / "second").glob("*/sote-ec-1.journal")
    shutil.rmtree(journal.path("sote-ec-1").parent)
    with fresh_database(), pytest.raises(BackupFailed, match=str(copy)):
        restored(tmp_path, keys)


def test_what_only_the_second_place_has_is_not_left_out(
    cas: object,
    pharmacy: Organisation,
    riitta: Person,
    keys: tuple[Path, Path],
    settings: Settings,
    tmp_path: Path,
) -> None:
    """Its order would get another certificate, under another number."""
    settings.JOURNAL_COPY = str(tmp_path / "second")
    (tmp_path / "second").mkdir()
    issued(pharmacy, riitta)
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    after = issued(pharmacy, riitta)
    (copy,) = (tmp_path / "second").glob("*/sote-ec-1.journal")
    here = journal.path("sote-ec-1").parent
    shutil.rmtree(here)
    with fresh_database():
        with pytest.raises(BackupFailed, match=str(copy)):
            restore(tmp_path / "backup", identity=keys[1])
        assert not here.exists()
        shutil.copytree(copy.parent, here)
        with (here / copy.name).open("ab") as torn, copy.open("ab") as also:
            for file in (torn, also):
                file.write(b'{"n":')
        restore(tmp_path / "backup", identity=keys[1])
        services.reconcile(mend=True, now=clock.now())
        assert Certificate.objects.filter(serial=after.serial).exists()


def test_a_second_place_that_cannot_be_read_is_not_taken_for_an_empty_one(
    cas: object,
    pharmacy: Organisation,
    riitta: Person,
    keys: tuple[Path, Path],
    settings: Settings,
    tmp_path: Path,
) -> None:
    issued(pharmacy, riitta)
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    place = tmp_path / "second"
    settings.JOURNAL_COPY = str(place)
    with pytest.raises(BackupFailed, match=f"kopiota ei voi lukea.*{place}"):
        restored(tmp_path, keys)
    (place / "lost+found").mkdir(parents=True)
    with pytest.raises(BackupFailed, match=f"{place} ei ole päiväkirjan kopiota"):
        restored(tmp_path, keys)
    (place / ("0" * 32)).touch()
    with pytest.raises(BackupFailed, match=f"kopiota ei voi lukea.*{place}"):
        restored(tmp_path, keys)
    (place / ("0" * 32)).unlink()
    (place / ("0" * 32)).mkdir()
    with (
        hanging(place / ("0" * 32) / "sote-ec-1.journal"),
        pytest.raises(BackupFailed, match=f"{place} does not answer"),
    ):
        restored(tmp_path, keys)
    with fresh_database():
        assert Certificate._meta.db_table not in connection.introspection.table_names()
        (place / ("0" * 32) / "sote-ec-1.journal").unlink()
        restored(tmp_path, keys)
        assert Certificate.objects.exists()


def test_a_long_journal_in_the_second_place_is_read_block_by_block(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may take the time that a directory has to answer, and not the file as a whole."""
    settings.JOURNAL_COPY = str(tmp_path)
    copy = tmp_path / ("0" * 32) / "sote-ec-1.journal"
    copy.parent.mkdir()
    written = b"".join(bytes([number]) * (1 << 23) for number in range(5)) + b"\n"
    copy.write_bytes(written)
    longest = 0

    def within_limit(place: Path, work: Callable[[], Any]) -> Any:
        nonlocal longest
        longest = max(longest, len(answer := other_disks.within_limit(place, work)))
        return answer

    monkeypatch.setattr(restoring, "within_limit", within_limit)
    assert list(restoring._second_place()) == [(copy, written)]
    assert longest == 1 << 24


def test_a_journal_moved_aside_since_is_known_again(
    cas: object,
    pharmacy: Organisation,
    riitta: Person,
    keys: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    issued(pharmacy, riitta)
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    current = journal.path("sote-ec-1")
    aside = current.rename(current.with_name(f"{current.name}.2026"))
    with fresh_database():
        assert f"säilytettiin {aside.name}, joka on vähintään yhtä uusi" in restored(tmp_path, keys)
        assert not current.exists(), "its lines are not written a second time"
    issued(pharmacy, riitta)
    with fresh_database():
        assert f"säilytettiin {aside.name}, joka on vähintään yhtä uusi" in restored(tmp_path, keys)
        outcomes = services.reconcile(mend=True, now=clock.now())
        assert [outcome for _, outcome in outcomes] == ["fixed"]
        assert not list(journal.faults("sote-ec-1"))


def test_a_shorter_copy_under_another_name_is_not_doubled(
    cas: object,
    pharmacy: Organisation,
    riitta: Person,
    keys: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    issued(pharmacy, riitta)
    first = journal.path("sote-ec-1").read_bytes()
    issued(pharmacy, riitta)
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    journal.path("sote-ec-1").unlink()
    journal.path("sote-ec-1").with_name("sote-ec-1.journal.2026").write_bytes(first)
    with fresh_database(), pytest.raises(BackupFailed, match="Siirrä se pois"):
        restored(tmp_path, keys)


def restored(folder: Path, keys: tuple[Path, Path]) -> list[str]:
    return restore(folder / "backup", identity=keys[1])


def test_the_log_gives_back_the_events_that_an_older_copy_of_the_database_lacks(
    cas: object, keys: tuple[Path, Path], settings: Settings, tmp_path: Path
) -> None:
    settings.CA_KEYS_DIR, settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "keys"), str(keys[0])
    key.make("log.example.fi/events")
    build.extend_wholly()
    copied = Event.objects.count()
    shutil.copytree(folder(), folder().parent / "former" / "events-0")  # its key was replaced
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    for number in range(300):
        about = Subject("test", number)
        record(ServiceEvent.FEEDBACK_GIVEN, about, actor=system("test"), now=clock.now())
    build.extend_wholly()
    every = list(Event.objects.order_by("pk").values())
    with fresh_database():
        kept = restored(tmp_path, keys)
        assert "säilytettiin tapahtumalokin tiedostot, jotka olivat jo täällä" in kept
        assert [line for line in kept if "former" in line] == []
        assert services.restore_events() == 300
        assert list(Event.objects.order_by("pk").values()) == every
        assert services.verify_audit().findings == []
    settings.PORTAL_DATA = tmp_path / "elsewhere"
    with fresh_database():
        assert restored(tmp_path, keys) == []
        assert {path.stat().st_mode & 0o077 for path in folder().rglob("*")} == {0}
        assert services.restore_events() == 0
        report = services.verify_audit()
        assert (report.size, report.findings) == (copied, [])


@pytest.mark.parametrize("damaged", [b"", b"log.example.fi/events\n", b"\0\n\0\n"])
def test_a_head_that_a_broken_disk_left_gives_way_to_that_of_the_backup(
    cas: object, keys: tuple[Path, Path], settings: Settings, tmp_path: Path, damaged: bytes
) -> None:
    settings.CA_KEYS_DIR, settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "keys"), str(keys[0])
    key.make("log.example.fi/events")
    build.extend_wholly()
    copied = Event.objects.count()
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    (folder() / "checkpoint").write_bytes(damaged)
    with fresh_database():
        restored(tmp_path, keys)
        report = services.verify_audit()
        assert (report.size, report.findings) == (copied, [])


def test_a_log_that_grows_while_it_is_backed_up_has_every_tile_of_its_head(
    cas: object,
    keys: tuple[Path, Path],
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.CA_KEYS_DIR, settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "keys"), str(keys[0])
    key.make("log.example.fi/events")
    build.extend_wholly()
    copied = Event.objects.count()
    lists: list[Path] = []

    def then_grow(place: Path, pattern: str) -> list[Path]:
        found = [Path(each) for each in glob.glob(f"{place}/**", recursive=True)]
        if place == settings.PORTAL_DATA / "journal":
            if not lists:
                for number in range(600):
                    about = Subject("test", number)
                    actor = system("test")
                    record(ServiceEvent.FEEDBACK_GIVEN, about, actor=actor, now=clock.now())
                build.extend_wholly()
            lists.append(place)
        return found

    monkeypatch.setattr(Path, "rglob", then_grow)
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    monkeypatch.undo()
    assert lists and not (folder() / "tile/0/000.p").exists(), "a tile that was listed is gone"
    settings.PORTAL_DATA = tmp_path / "elsewhere"
    with fresh_database():
        assert restored(tmp_path, keys) == []
        report = services.verify_audit()
        assert (report.size, report.findings) == (copied, [])
