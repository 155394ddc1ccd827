"""A backup brings everything back but keys and spoils nothing newer."""

import errno
import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from threading import Thread

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from pytest_django import Settings

from certportal.foundation import clock
from certportal.foundation.backup import BackupFailed, back_up, restore, restoring, streams
from certportal.foundation.files.faults import StoreAway
from certportal.foundation.models import Tally
from certportal.foundation.web import limits
from issuance.models import IssuingCA
from tests.journeys.steps import await_true
from tests.portal.backup.restoring import fresh_database
from tests.shared_store import StoreServer
from tests.tables import rewrite

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(cas: object, keys: tuple[Path, Path], settings: Settings, tmp_path: Path) -> Path:
    """A backup of a service with four CAs, an attachment and a signing key."""
    for name in ("attachments/todistus.pdf", "ca/keys/sote-ec-1.key", "secrets/secret_key"):
        path = settings.PORTAL_DATA / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"the content of {name}")
    back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    return tmp_path / "backup"


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
    with pytest.raises(BackupFailed, match="vioittunut"):
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


def test_a_database_is_not_replaced_while_the_service_works_in_it(
    backup: Path, keys: tuple[Path, Path]
) -> None:
    with fresh_database():
        restore(backup, identity=keys[1])
        with closing(connection.copy()) as of_a_worker:
            of_a_worker.ensure_connection()
            with pytest.raises(BackupFailed, match="Pysäytä ensin palvelu"):
                restore(backup, identity=keys[1], replace=True)
        assert IssuingCA.objects.count() == 4


def test_nor_by_a_service_that_begins_while_the_files_are_restored(
    backup: Path, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = restoring._restore
    with fresh_database():
        restore(backup, identity=keys[1])
        rewrite(IssuingCA.objects.all(), crl_number=777)
        with closing(connection.copy()) as of_a_worker:

            def beginning(name: PurePosixPath, content: bytes) -> str:
                of_a_worker.ensure_connection()
                return real(name, content)

            monkeypatch.setattr(restoring, "_restore", beginning)
            with pytest.raises(BackupFailed, match="Pysäytä ensin palvelu"):
                restore(backup, identity=keys[1], replace=True)
        assert IssuingCA.objects.filter(crl_number=777).count() == 4


@pytest.mark.parametrize("manifest", ["[]", "null", '"sha256"'])
def test_a_manifest_that_is_another_text_is_told(
    backup: Path, keys: tuple[Path, Path], manifest: str
) -> None:
    (backup / "manifest.json").write_text(manifest)
    with pytest.raises(BackupFailed, match="vioittunut"):
        restore(backup, identity=keys[1], replace=True)


@pytest.mark.parametrize("content", [b"no archive" * 100_000, b""])
def test_files_that_are_no_archive_are_told_by_their_name(
    backup: Path, keys: tuple[Path, Path], content: bytes
) -> None:
    put(backup / "files.age", content, keys)
    with pytest.raises(BackupFailed, match=r"files\.age: "):
        restore(backup, identity=keys[1], replace=True)
    assert IssuingCA.objects.count() == 4


def test_a_backup_beside_a_migration_has_the_rows_of_the_table_that_it_writes_anew(
    cas: object, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    limits.count("tried", "", per=timedelta(days=1), now=clock.now())
    target = {"target": tmp_path / "backup", "recipients": keys[0], "now": clock.now()}
    beside = Thread(target=in_thread, args=(partial(back_up, **target),))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE foundation_tally ALTER scope TYPE varchar(40) USING scope||''")
        beside.start()
        await_true(partial(is_awaited, cursor), "the backup does not wait for the table")
    beside.join()
    with fresh_database():
        restore(tmp_path / "backup", identity=keys[1])
        assert Tally.objects.filter(scope="tried").exists()


def in_thread(work: Callable[[], object]) -> None:
    """Do the work, and close the thread's own connection."""
    try:
        work()
    finally:
        connection.close()


def is_awaited(cursor: CursorWrapper) -> bool:
    cursor.execute(
        "SELECT FROM pg_locks WHERE NOT granted AND relation = 'foundation_tally'::regclass"
    )
    return cursor.fetchone() is not None


def put(file: Path, content: bytes, keys: tuple[Path, Path]) -> None:
    """Put the content into the backup's file, and its sum into the manifest."""
    command = ["age", "-R", keys[0], "-o", file]
    subprocess.run(command, input=content, check=True, capture_output=True)
    manifest = json.loads((file.parent / "manifest.json").read_text())
    manifest["sha256"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    (file.parent / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def unusable(backup: Path, keys: tuple[Path, Path]) -> Path:
    """A backup that is whole by its manifest, with a database that PostgreSQL does not read."""
    put(backup / "database.age", b"no dump", keys)
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


def test_what_a_full_disk_refuses_is_told_by_its_name_and_leaves_nothing(
    cas: object, keys: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        if "manifest" in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match=r"manifest\.json: No space left"):
        call_command("backup", str(tmp_path / "b"), "--recipients", str(keys[0]))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".b", "b."))]


def test_a_backup_is_there_only_when_all_of_it_is_on_the_disk(
    cas: object, keys: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[tuple[str, bool]] = []

    def force(descriptor: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        forced.append((name, (tmp_path / "b").exists()))

    monkeypatch.setattr(os, "fsync", force)
    back_up(tmp_path / "b", recipients=keys[0], now=clock.now())
    assert {("database.age", False), ("files.age", False), (".b.part", False)} <= {*forced}
    assert forced[-1] == (tmp_path.name, True)


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

    unknown_to_us = {**ours, "fallback_application_name": "portal"}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", unknown_to_us)
    with pytest.raises(BackupFailed, match="Poista se DATABASE_URL"):
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
        assert restore(tmp_path / "backup", identity=keys[1]) == ["säilytettiin attachments/b.pdf"]
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


def test_a_process_without_the_key_of_the_store_leaves_no_documents_out_in_silence(
    cas: object, keys: tuple[Path, Path], settings: Settings, tmp_path: Path
) -> None:
    settings.STORE_URL, settings.USES_STORE = "https://s3.example.fi/varmenteet", False
    with pytest.raises(BackupFailed, match="PORTAL_PROCESS=store"):
        back_up(tmp_path / "backup", recipients=keys[0], now=clock.now())
    with pytest.raises(BackupFailed, match="PORTAL_PROCESS=store"):
        restore(tmp_path / "backup", identity=keys[1])
