"""The test database: migrated once for a state of the program, then copied.

Each process of a run has a database of its own, and the test command has three runs. All begin with
a copy of one that has been migrated, which takes a moment; migrating takes many seconds.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.creation import TEST_DATABASE_PREFIX
from django.test.utils import setup_databases

ROOT = Path(__file__).parent.parent
# What decides how a database looks once it is migrated: any line of the program, or of a library.
DECIDING = ["accounts", "applications", "certportal", "issuance", "requirements.txt"]
PREFIX = "migrated_"
LOCK = 20261127  # of PostgreSQL's advisory locks: any number that nobody else takes


def make() -> None:
    """Make this process's test database, in place of the one of the run before.

    That one is left standing after a run: a thread of a live server may hold a connection for a
    moment longer than the last test.
    """
    migrated = f"{PREFIX}{digest(*DECIDING)}"
    with _alone() as cursor:
        databases = _names(cursor)
        if migrated in databases:
            _copy_to_own(cursor, migrated)
            return
        setup_databases(verbosity=0, interactive=False)
        call_command("grant_roles", verbosity=0)
        _let_words_be_added_fast()
        connection.close()  # a database in use is not copied
        for name in databases:
            if name.startswith(PREFIX):
                cursor.execute(f'DROP DATABASE "{name}"')
        _copy(cursor, connection.settings_dict["NAME"], migrated)


def _let_words_be_added_fast() -> None:
    """Let the indexes of words put work off, as is PostgreSQL's default.

    The service's do it at once, since searches are frequent. Tests add more words than they
    search, those of the sample before most of them, which so takes half as long.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE 'fastupdate=off' = ANY (reloptions)")
        for (index,) in cursor.fetchall():
            cursor.execute(f'ALTER INDEX "{index}" RESET (fastupdate)')


@contextmanager
def _alone() -> Iterator[Any]:
    """Give a cursor of the server's own database, for one process at a time."""
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield cursor  # the lock ends with the connection


def _copy_to_own(cursor: Any, migrated: str) -> None:
    known = connection.settings_dict
    own = known["TEST"]["NAME"] or TEST_DATABASE_PREFIX + known["NAME"]
    cursor.execute(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)')
    _copy(cursor, migrated, own)
    connection.close()
    known["NAME"] = settings.DATABASES["default"]["NAME"] = own


def _copy(cursor: Any, original: str, copy: str) -> None:
    cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{original}"')


def _names(cursor: Any) -> set[str]:
    cursor.execute("SELECT datname FROM pg_database")
    return {name for (name,) in cursor.fetchall()}


def digest(*places: str) -> str:
    """Return a name for the state of these files and folders of the checkout."""
    found = hashlib.sha256()
    for start in places:
        path = ROOT / start
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and file.parent.name != "__pycache__":
                found.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return found.hexdigest()[:32]
