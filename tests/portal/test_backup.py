"""A backup brings everything back but keys, spoils nothing newer, and the journal fills in."""

import glob
import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, connections
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.dev.builders.hierarchy import make_hierarchy
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.backup import BackupFailed, back_up, restore, streams
from certportal.foundation.event_log.files import folder
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject, record
from certportal.foundation.files.faults import StoreAway
from certportal.foundation.models import Event
from issuance import journal, services
from issuance.models import Certificate, IssuingCA
from issuance.publication.repository import crl_path
from issuance.services.event_log import build, key
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order
from tests.shared_store import StoreServer
from tests.tables import rewrite

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cas(transactional_db: None, settings: Settings, tmp_path: Path) -> dict[str, IssuingCA]:
    return make_hierarchy(settings, tmp_path / "data")


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The file of the public key and that of the private one."""
    identity, recipients = tmp_path / "backup.key", tmp_path / "backup.pub"
    subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True)
    public = subprocess.run(["age-keygen", "-y", identity], check=True, capture_output=True)
    recipients.write_bytes(public.stdout)
    return recipients, identity


@pytest.fixture
def backup(cas: object, keys: tuple[Path, Path], settings: Settings, tmp_path: Path) -> Path:
    """A backup of a service with four CAs, an attachment and a signing key."""
    for name in ("attachments/todistus.pdf", "ca/keys/sote-ec-1.key", "secrets/secret_key"):
        path = settings.PORTAL_DATA / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"the content of {name}")
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    return tmp_path / "backup"


@contextmanager
def fresh_database() -> Iterator[None]:
    """Work in an empty database of its own, as on another machine."""
    facts = connections["default"].settings_dict
    name, other = facts["NAME"], f"{facts['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{other}"')
        cursor.execute(f'CREATE DATABASE "{other}"')
    connection.close()
    facts["NAME"] = other
    try:
        yield
    finally:
        connection.close()
        facts["NAME"] = name
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{other}" WITH (FORCE)')


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
        newest = issued(pharmacy, riitta)
        outcomes = services.reconcile(mend=True, now=clock.now())
        assert [outcome for _, outcome in outcomes] == ["mended"] * 3
        serials = [each.serial for each in Certificate.objects.all()]
        assert len(set(serials)) == len(serials) == 5
        assert {before.serial, newest.serial, *(each.serial for each in after)} == set(serials)
        assert services.reconcile(mend=False, now=clock.now()) == []
        assert len(list(journal.entries("sote-ec-1"))) == 5


def test_everything_comes_back_but_the_keys(
    backup: Path, keys: tuple[Path, Path], settings: Settings, tmp_path: Path
) -> None:
    settings.PORTAL_DATA = tmp_path / "elsewhere"
    with fresh_database():
        assert restore(backup, identity=keys[1]) == []
        assert IssuingCA.objects.count() == 4
    names = {str(p.relative_to(settings.PORTAL_DATA)) for p in settings.PORTAL_DATA.rglob("*.*")}
    assert "attachments/todistus.pdf" in names
    assert "crl/sote-ec-1.crl" in names
    assert "ca/public/sote-ec-1.pem" in names
    assert not [name for name in names if "key" in name or "secret" in name]


def test_nobody_reads_it_without_the_private_key(
    backup: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    content = b"".join(path.read_bytes() for path in backup.iterdir())
    assert b"todistus" not in content
    assert b"issuance_certificate" not in content
    other = tmp_path / "other.key"
    subprocess.run(["age-keygen", "-o", other], check=True, capture_output=True)
    with fresh_database(), pytest.raises(BackupFailed, match="no identity matched"):
        restore(backup, identity=other)


def test_a_damaged_backup_changes_nothing(
    backup: Path, keys: tuple[Path, Path], settings: Settings
) -> None:
    damaged = bytearray((backup / "files.age").read_bytes())
    damaged[-1] ^= 1
    (backup / "files.age").write_bytes(damaged)
    with pytest.raises(BackupFailed, match="damaged"):
        restore(backup, identity=keys[1], replace=True)
    assert IssuingCA.objects.count() == 4


def test_a_database_in_use_is_replaced_only_on_demand(
    backup: Path, keys: tuple[Path, Path]
) -> None:
    with pytest.raises(BackupFailed, match="--replace"):
        restore(backup, identity=keys[1])
    with fresh_database():
        restore(backup, identity=keys[1])
        rewrite(IssuingCA.objects, crl_number=777)
        restore(backup, identity=keys[1], replace=True)
        assert not IssuingCA.objects.filter(crl_number=777).exists()


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
        assert "kept crl/sote-ec-1.crl" in kept
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
    with pytest.raises(BackupFailed, match="parted"):
        restore(tmp_path / "backup", identity=keys[1], replace=True)
    assert Certificate.objects.count() == 2
    assert not published.exists()


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
        assert f"kept {aside.name}, which is at least as new" in restored(tmp_path, keys)
        assert not current.exists(), "its lines are not written a second time"
    issued(pharmacy, riitta)
    with fresh_database():
        assert f"kept {aside.name}, which is at least as new" in restored(tmp_path, keys)
        outcomes = services.reconcile(mend=True, now=clock.now())
        assert [outcome for _, outcome in outcomes] == ["mended"]
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
    with fresh_database(), pytest.raises(BackupFailed, match="move that away"):
        restored(tmp_path, keys)


def restored(folder: Path, keys: tuple[Path, Path]) -> list[str]:
    return restore(folder / "backup", identity=keys[1])


@pytest.fixture
def unusable(backup: Path, keys: tuple[Path, Path]) -> Path:
    """A backup that is whole by its manifest, with a database that PostgreSQL does not read."""
    database = backup / "database.age"
    command = ["age", "-R", keys[0], "-o", database]
    subprocess.run(command, input=b"no dump", check=True, capture_output=True)
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["sha256"][database.name] = hashlib.sha256(database.read_bytes()).hexdigest()
    (backup / "manifest.json").write_text(json.dumps(manifest))
    return backup


def test_what_the_database_held_goes_only_when_its_successor_is_there(
    unusable: Path, keys: tuple[Path, Path]
) -> None:
    with pytest.raises(BackupFailed, match="pg_restore"):
        restore(unusable, identity=keys[1], replace=True)
    assert IssuingCA.objects.count() == 4


def test_a_folder_that_is_there_is_not_written_over(backup: Path, keys: tuple[Path, Path]) -> None:
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", str(backup), "--recipients", str(keys[0]))


def test_a_backup_that_fails_leaves_nothing(
    cas: object, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "wrong.pub").write_text("not a key\n")
    with pytest.raises(CommandError):
        call_command("backup", str(tmp_path / "b"), "--recipients", str(tmp_path / "wrong.pub"))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".b", "b."))]
    assert not (tmp_path / "b").exists()


def test_it_asks_for_the_public_key() -> None:
    with pytest.raises(CommandError, match="age-keygen"):
        call_command("backup", "somewhere")


def test_the_tools_connect_as_safely_as_the_service_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    ours = connection.settings_dict["OPTIONS"]  # the limits that the settings always add
    options = {**ours, "sslmode": "verify-full", "sslrootcert": "/etc/portal/db-ca.pem"}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    told = streams.database_environment()
    assert (told["PGSSLMODE"], told["PGSSLROOTCERT"]) == ("verify-full", "/etc/portal/db-ca.pem")
    assert told["PGCONNECT_TIMEOUT"] == ours["connect_timeout"]

    future = {**options, "ssl_from_the_future": "on"}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", future)
    with pytest.raises(BackupFailed, match="take it out of DATABASE_URL"):
        back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    assert not (tmp_path / "backup").exists()


def test_documents_in_a_shared_store_are_in_the_backup_and_come_back_where_they_lack(
    cas: object,
    keys: tuple[Path, Path],
    shared_store: StoreServer,
    settings: Settings,
    tmp_path: Path,
) -> None:
    for name in ("a.pdf", "b.pdf"):
        default_storage.save(name, ContentFile(name.encode()))
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    default_storage.delete("a.pdf")
    default_storage.save("b.pdf", ContentFile(b"stays"))
    settings.PORTAL_DATA = tmp_path / "elsewhere"
    with fresh_database():
        assert restore(tmp_path / "backup", identity=keys[1]) == ["kept attachments/b.pdf"]
    assert shared_store.objects("attachments/") == {
        "attachments/a.pdf": b"a.pdf",
        "attachments/b.pdf": b"stays",
    }
    assert not (settings.PORTAL_DATA / "attachments").exists()


def test_a_shared_store_that_hangs_leaves_no_half_backup(
    cas: object, keys: tuple[Path, Path], shared_store: StoreServer, tmp_path: Path
) -> None:
    shared_store.freeze()
    with pytest.raises(StoreAway):
        back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    assert not list(tmp_path.glob("*backup*.part")) and not (tmp_path / "backup").exists()


def test_the_log_gives_back_the_events_that_an_older_copy_of_the_database_lacks(
    cas: object, keys: tuple[Path, Path], settings: Settings, tmp_path: Path
) -> None:
    settings.CA_KEYS_DIR, settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "keys"), str(keys[0])
    key.make("log.example.fi/events")
    build.extend_wholly()
    copied = Event.objects.count()
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    for number in range(300):
        about = Subject("test", number)
        record(ServiceEvent.FEEDBACK_GIVEN, about, actor=system("test"), now=clock.now())
    build.extend_wholly()
    every = list(Event.objects.order_by("pk").values())
    with fresh_database():
        assert "kept files of the log of events that were there" in restored(tmp_path, keys)
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


def test_a_process_without_the_key_of_the_store_leaves_no_documents_out_in_silence(
    cas: object, keys: tuple[Path, Path], settings: Settings, tmp_path: Path
) -> None:
    settings.STORE_URL, settings.USES_STORE = "https://s3.example.fi/varmenteet", False
    with pytest.raises(BackupFailed, match="PORTAL_PROCESS=store"):
        back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    with pytest.raises(BackupFailed, match="PORTAL_PROCESS=store"):
        restore(tmp_path / "backup", identity=keys[1])
