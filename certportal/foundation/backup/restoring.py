"""Restoring a backup. Newer files on the disk are never overwritten."""

import glob
import json
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils.translation import gettext as _

from certportal.foundation import own_files
from certportal.foundation.backup import streams
from certportal.foundation.backup.making import FORMAT, sha256
from certportal.foundation.files.other_disks import within_limit

# A journal is append-only, so the longer of two copies contains the shorter one.
_GROWING = "journal"
_SUFFIX = ".journal"
# A journal's folder in its second place is named by its id.
_JOURNAL_ID = re.compile("[0-9a-f]{32}")
_BLOCK = 1 << 24
_LOGS = PurePosixPath(_GROWING, "events"), PurePosixPath(_GROWING, "former")
# Processes of the server itself, such as autovacuum, have no account.
_OTHERS = """
SELECT DISTINCT usename FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
"""
_EMPTY = b"DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"


def restore(source: Path, *, identity: Path, replace: bool = False) -> list[str]:
    """Restore a backup made by `back_up`; return a line for each existing file that was kept.

    `identity`: file of the age private key. The database must be empty, unless `replace` is given,
    which deletes its content. Existing files are kept; so is a journal that continues the one in
    the backup, even if it was renamed (see `_journals`). Raises BackupFailed and StoreAway, leaving
    the database unchanged.
    """
    streams.require_store()
    _check(source, identity)
    _require_alone()
    if not replace and connection.introspection.table_names():
        raise streams.BackupFailed(_("The database is not empty. --replace deletes its contents."))
    kept = _over_files(source, identity, _restore)
    _require_alone()  # what supervises a worker may have started it again meanwhile
    connection.close()
    with (
        streams.reading(source / streams.DATABASE, identity) as stream,
        streams.loading() as script,
    ):
        if replace:
            script.write(_EMPTY)
        tool = [*streams.postgres("pg_restore"), "--no-owner", "--no-acl", "--file=-"]
        streams.run(tool, stdin=stream, stdout=script)
    return kept


def _require_alone() -> None:
    """Raise BackupFailed while anybody else is connected to the database.

    A worker of the service would give new events the numbers of those that are in the log and not
    in the backup, which could then no more be entered.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS)
        others = ", ".join(name for (name,) in cursor.fetchall())
    if others:
        raise streams.BackupFailed(
            _("Others are connected to the database (%(accounts)s): stop the service first.")
            % {"accounts": others}
        )


def _check(source: Path, identity: Path) -> None:
    """Read the whole backup and compare the journals before anything is changed."""
    try:
        manifest: Any = json.loads((source / streams.MANIFEST).read_text())
        sums = {name: sha256(source / name) for name in (streams.DATABASE, streams.FILES)}
    except (OSError, ValueError) as error:
        words = _("%(folder)s is not a complete backup: %(error)s")
        raise streams.BackupFailed(words % {"folder": source, "error": error}) from error
    facts = manifest if isinstance(manifest, dict) else {}
    if facts.get("format") != FORMAT or facts.get("sha256") != sums:
        words = _(
            "%(folder)s is damaged: its files do not match its manifest. Take another copy of"
            " this backup, or an older one."
        )
        raise streams.BackupFailed(words % {"folder": source})
    with streams.reading(source / streams.DATABASE, identity):
        pass
    restored: dict[Path, bytes] = {}

    def compare(name: PurePosixPath, content: bytes) -> str:
        kept = _why_kept(name, content)
        if not kept and _is_journal(name):
            restored[Path(settings.PORTAL_DATA) / name] = content
        return kept

    _over_files(source, identity, compare)
    _require_newest(restored)


def _require_newest(restored: Mapping[Path, bytes]) -> None:
    """Raise BackupFailed if the journal's second place has lines that the journal would lack.

    `restored`: the journal's files that the backup has and the disk has not. An order whose
    certificate is only in these lines would get another one, under another serial number. So a
    second place that is not mounted, or does not answer, is not taken for one without lines.
    """
    journal = Path(settings.PORTAL_DATA, _GROWING)
    for copy, content in _second_place() if settings.JOURNAL_COPY else ():
        current = journal / copy.name
        new = {path: restored[path] for path in restored if path.name.startswith(copy.name)}
        files = _journals(current) | new
        in_order = sorted(files, key=lambda path: (path == current, path))
        ours = b"".join(files[path] for path in in_order)
        if len(content) > len(ours) and content.startswith(ours):
            raise streams.BackupFailed(
                _(
                    "%(copy)s has certificates that the journal would lack: put what is in"
                    " %(folder)s into %(journal)s, then run this again."
                )
                % {"copy": copy, "folder": copy.parent, "journal": journal}
            )


def _second_place() -> Iterator[tuple[Path, bytes]]:
    """Yield each journal's whole lines in the second place, the newest first.

    Raises BackupFailed.
    """
    place = Path(settings.JOURNAL_COPY)
    try:
        folders = within_limit(place, partial(_folders, place))
        for copy in within_limit(place, partial(_copies, folders)):
            yield copy, _whole_lines(_read(place, copy))
    except OSError as error:
        raise streams.BackupFailed(
            _("The second place of the journal cannot be read: %(error)s") % {"error": error}
        ) from error
    if not folders:
        raise streams.BackupFailed(
            _(
                "%(place)s has no copy of a journal: is it mounted? If it has never had any, run"
                " this without JOURNAL_COPY."
            )
            % {"place": place}
        )


def _read(place: Path, copy: Path) -> bytes:
    # The journal of years may take longer than a directory that answers may take for one of them.
    content = bytearray()
    while block := within_limit(place, partial(_block, copy, len(content))):
        content += block
    return bytes(content)


def _block(copy: Path, begin: int) -> bytes:
    with copy.open("rb") as file:
        file.seek(begin)
        return file.read(_BLOCK)


def _folders(place: Path) -> list[Path]:
    # Path.glob would leave out what cannot be read.
    return [each for each in place.iterdir() if _JOURNAL_ID.fullmatch(each.name)]


def _copies(folders: Sequence[Path]) -> list[Path]:
    found = [each for folder in folders for each in folder.iterdir() if each.suffix == _SUFFIX]
    return sorted(found, key=lambda copy: copy.stat().st_mtime, reverse=True)


def _over_files(
    source: Path, identity: Path, act: Callable[[PurePosixPath, bytes], str]
) -> list[str]:
    """Call `act` with name and content of each file; return its non-empty results."""
    with (
        streams.reading(source / streams.FILES, identity) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        lines = [line for each in archive if (line := act(*_content(archive, each)))]
        return list(dict.fromkeys(lines))


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[PurePosixPath, bytes]:
    name = PurePosixPath(member.name)
    allowed = (
        any(name.is_relative_to(folder) for folder in streams.FOLDERS) and ".." not in name.parts
    )
    content = archive.extractfile(member)
    if not allowed or content is None:
        words = _("The backup contains a file that does not belong to it: %(file)s.")
        raise streams.BackupFailed(words % {"file": name})
    found = content.read()
    return name, _whole_lines(found) if _is_journal(name) else found


def _is_journal(name: PurePosixPath) -> bool:
    return name.parts[0] == _GROWING and _SUFFIX in name.name


def _whole_lines(journal: bytes) -> bytes:
    """Leave out a line that was being written: its certificate had not left.

    If its writer died, another line stands in its place: the two journals would contradict each
    other, and lines of the second place would be taken for those of another journal.
    """
    return journal[: journal.rfind(b"\n") + 1]


def _restore(name: PurePosixPath, content: bytes) -> str:
    """Write the file unless an existing one must be kept; return a line about that, or empty."""
    kept = _why_kept(name, content)
    if not kept and _is_shared(name):
        default_storage.save(name.name, ContentFile(content))
    elif not kept:
        path = Path(settings.PORTAL_DATA) / name
        own = Path(settings.PORTAL_DATA, _GROWING) in path.parents
        own_files.make_folder(path.parent, own_files.OWN_FOLDER if own else own_files.GROUP_FOLDER)
        own_files.replace(path, content, own_files.OWN if own else own_files.GROUP)
    return kept


def _why_kept(name: PurePosixPath, backed_up: bytes) -> str:
    """Return a line that says which existing file is kept; empty if the file is to be written.

    Raises BackupFailed if existing journals contradict the one in the backup.
    """
    if _is_shared(name):
        return _kept(name) if default_storage.exists(name.name) else ""
    path = Path(settings.PORTAL_DATA) / name
    if any(map(name.is_relative_to, _LOGS)):
        return _why_log_kept(path, backed_up)
    if not _is_journal(name):
        return _kept(name) if path.exists() else ""
    files = _journals(path)
    for each, existing in files.items():
        if existing.startswith(backed_up):
            return _("kept %(file)s, which is at least as new") % {"file": each.name}
    if not backed_up.startswith(files.pop(path, b"")):
        raise streams.BackupFailed(
            _("%(file)s and its copy in the backup contradict each other: put one of them aside.")
            % {"file": path}
        )
    for each, existing in files.items():
        if existing and backed_up.startswith(existing):
            words = _("%(file)s is an older copy of the backup's %(name)s: move it away.")
            raise streams.BackupFailed(words % {"name": path.name, "file": each})
    return ""


def _kept(name: PurePosixPath) -> str:
    return _("kept %(file)s") % {"file": name}


def _is_shared(name: PurePosixPath) -> bool:
    return bool(settings.STORE_URL) and name.parent == PurePosixPath(streams.ATTACHMENTS)


def _why_log_kept(path: Path, backed_up: bytes) -> str:
    """As `_why_kept`, for the log of events: keep existing tiles, and the larger of two heads.

    A head that a broken disk left is smaller than any.
    """
    if not path.exists():
        return ""
    if path.name == "checkpoint":
        sizes = (re.match(rb"[^\n]*\n(\d+)\n", note) for note in (backed_up, path.read_bytes()))
        theirs, ours = (int(size[1]) if size else 0 for size in sizes)
        if theirs > ours:
            return ""
    return _("kept existing files of the log of events")


def _journals(path: Path) -> dict[Path, bytes]:
    """Return the whole lines of the journal's files by path, including renamed ones.

    See `issuance.journal`.
    """
    current = path.with_name(path.name.partition(_SUFFIX)[0] + _SUFFIX)
    aside = path.parent.glob(f"{glob.escape(current.name)}.*")
    found = [each for each in (*sorted(aside), current) if each.exists()]
    return {each: _whole_lines(each.read_bytes()) for each in found}
