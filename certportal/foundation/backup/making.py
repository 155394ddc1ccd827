"""Making a backup: a folder with the encrypted database and files, and a manifest."""

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils.translation import gettext as _

from certportal.foundation.backup import streams
from certportal.foundation.database.kept_tables import every_model
from certportal.foundation.event_log.files import LogFiles, folder as log_folder
from certportal.foundation.files.faults import DamagedFile
from certportal.foundation.own_files import OWN, OWN_FOLDER, make_folder, sync_folder, write_new

FORMAT = 1
# A migration that waits for the tables, and for which pg_dump would wait, is let pass.
_DUMP = ("--format=custom", "--no-owner", "--no-acl", "--lock-wait-timeout=5000")
_PASSING = {".reserve", ".new"}


def back_up(target: Path, *, recipients: Path, now: datetime) -> dict[str, int]:
    """Back up the service into the new folder `target`; return the size of each part in bytes.

    `recipients`: file of age public keys. The database is dumped first, so that the journal, which
    is copied afterwards, contains every certificate in the dump and on the lists. Raises
    BackupFailed and StoreAway, without leaving a folder.
    """
    streams.require_store()
    if target.exists():
        words = _("%(file)s exists already: name another folder.")
        raise streams.BackupFailed(words % {"file": target})
    draft = target.with_name(f".{target.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    make_folder(draft, OWN_FOLDER)
    try:
        with _snapshot() as snapshot, streams.writing(draft / streams.DATABASE, recipients) as dump:
            tool = [*streams.postgres("pg_dump"), f"--snapshot={snapshot}", *_DUMP, *_left_out()]
            streams.run(tool, stdout=dump)
        with (
            streams.writing(draft / streams.FILES, recipients) as stream,
            tarfile.open(fileobj=stream, mode="w|") as archive,
        ):
            for folder in streams.FOLDERS:
                if folder == streams.ATTACHMENTS and settings.STORE_URL:
                    _add_shared(archive)
                elif folder == streams.JOURNAL:
                    _add_journal(archive, settings.PORTAL_DATA / folder)
                else:
                    _add(archive, settings.PORTAL_DATA / folder)
        sizes = _seal(draft, now)
        sync_folder(draft)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(target.parent)
    return sizes


@contextmanager
def _snapshot() -> Iterator[str]:
    """Yield the name of a snapshot of the database, for pg_dump.

    It is taken once no migration changes a table any more: a table that one has written anew is
    empty in an earlier snapshot (PostgreSQL's manual, "Caveats" of MVCC), on which pg_dump, which
    takes its own before it waits for the table, would say nothing.
    """
    tables = ", ".join(map(connection.ops.quote_name, connection.introspection.table_names()))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute(f"LOCK TABLE {tables} IN ACCESS SHARE MODE")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


def _left_out() -> list[str]:
    """Options that leave out the rows of tables whose models say `in_backups = False`."""
    models = [each for each in every_model() if not getattr(each, "in_backups", True)]
    return [f"--exclude-table-data={each._meta.db_table}" for each in models]


def _add_journal(archive: tarfile.TarFile, folder: Path) -> None:
    """Add the journal, with the head of the log of events as it was before its files were listed.

    The files are listed twice: a partial tile that was deleted meanwhile has been replaced by a
    full one, which the second list contains.
    """
    head = LogFiles(log_folder()).head_path
    note = head.read_bytes() if head.exists() else b""
    added = {head}
    for _round in range(2):
        added |= _add(archive, folder, but=added)
    if note:
        _add_content(archive, str(head.relative_to(settings.PORTAL_DATA)), note)


def _add(
    archive: tarfile.TarFile, folder: Path, *, but: Collection[Path] = frozenset()
) -> set[Path]:
    """Add the folder's files, except temporary ones and those deleted in the meantime."""
    added = set()
    for path in sorted(folder.rglob("*")):
        if path.name.startswith(".") or path.suffix in _PASSING or not path.is_file():
            continue
        if path in but:
            continue
        try:
            with path.open("rb") as file:
                name = str(path.relative_to(settings.PORTAL_DATA))
                archive.addfile(archive.gettarinfo(arcname=name, fileobj=file), file)
        except FileNotFoundError:
            continue
        added.add(path)
    return added


def _add_shared(archive: tarfile.TarFile) -> None:
    """Add the attachments in the shared store, except those deleted meanwhile."""
    for name in sorted(default_storage.listdir("")[1]):
        try:
            with default_storage.open(name) as file:
                content = file.read()
        except FileNotFoundError:
            continue
        except DamagedFile as error:
            words = _(
                "%(file)s in the shared store is damaged: put an older version of it back, then"
                " run this again."
            )
            raise streams.BackupFailed(words % {"file": f"{streams.ATTACHMENTS}/{name}"}) from error
        _add_content(archive, f"{streams.ATTACHMENTS}/{name}", content)


def _add_content(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _seal(draft: Path, now: datetime) -> dict[str, int]:
    sums = {name: sha256(draft / name) for name in (streams.DATABASE, streams.FILES)}
    manifest = {"format": FORMAT, "made_at": now.isoformat(), "sha256": sums}
    write_new(draft / streams.MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode(), OWN)
    return {name: (draft / name).stat().st_size for name in sums}


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
