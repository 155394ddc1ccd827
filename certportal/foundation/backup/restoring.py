"""Restoring a backup beside what the disk still has: nothing newer is ever overwritten."""

import json
import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import connection

from certportal.foundation.backup.making import FORMAT, sha256
from certportal.foundation.backup.streams import (
    DATABASE,
    FILES,
    FOLDERS,
    MANIFEST,
    BackupFailed,
    postgres,
    reading,
    run,
)

# A journal only grows, so of two copies the longer one holds the other.
_GROWING = "journal"


def restore(source: Path, *, identity: Path, replace: bool = False) -> list[str]:
    """Restore a backup made by `back_up`; return a line about each file that was kept instead.

    `identity` is the file of the age private key. The database must be empty, or `replace` says
    that what it holds is to go. Files that are there stay; a journal that is a later copy of the
    one in the backup stays too. Raises BackupFailed; then the database is as it was.
    """
    _check(source, identity)
    if replace:
        _empty_database()
    elif _has_tables():
        raise BackupFailed("the database is not empty; --replace throws away what it holds")
    connection.close()
    with reading(source / DATABASE, identity) as stream:
        tool = [*postgres("pg_restore"), "--no-owner", "--no-acl", "--single-transaction"]
        run([*tool, f"--dbname={connection.settings_dict['NAME']}"], stdin=stream)
    with (
        reading(source / FILES, identity) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        return [line for member in archive if (line := _restore(archive, member))]


def _check(source: Path, identity: Path) -> None:
    """Read every byte once before anything is touched."""
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text())
        sums = {name: sha256(source / name) for name in (DATABASE, FILES)}
    except (OSError, ValueError) as error:
        raise BackupFailed(f"{source} is no whole backup: {error}") from error
    if manifest.get("format") != FORMAT or manifest.get("sha256") != sums:
        raise BackupFailed(f"{source} is damaged: its files do not match its manifest")
    for name in sums:
        with reading(source / name, identity):
            continue


def _has_tables() -> bool:
    return bool(connection.introspection.table_names())


def _empty_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")


def _restore(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """Write one file unless a newer one is there; what was kept, or an empty text."""
    name = PurePosixPath(member.name)
    allowed = any(name.is_relative_to(folder) for folder in FOLDERS) and ".." not in name.parts
    content = archive.extractfile(member)
    if not allowed or content is None:
        raise BackupFailed(f"the backup holds a file that is not its own: {name}")
    path, new = Path(settings.PORTAL_DATA) / name, content.read()
    if not path.exists():
        _write(path, new)
    elif name.parts[0] == _GROWING:
        return _longer(path, new)
    else:
        return f"kept {name}"
    return ""


def _longer(path: Path, backed_up: bytes) -> str:
    there = path.read_bytes()
    if there.startswith(backed_up):
        return f"kept {path.name}, which is at least as new"
    if not backed_up.startswith(there):
        raise BackupFailed(f"{path} and its copy in the backup have parted; put one of them aside")
    _write(path, backed_up)
    return ""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.restored")
    mode = 0o600 if path.parent.name == _GROWING else 0o640
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
