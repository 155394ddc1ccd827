"""Streaming through age and PostgreSQL's tools, so that no plaintext is written to disk.

age (age-encryption.org/v1) encrypts to a public key, so that the machine that makes backups
cannot read them, and authenticates every 64 KiB, so that a damaged or truncated copy is detected
while it is read.
"""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from certportal.foundation.errors import Refused
from certportal.foundation.own_files import open_or_make

DATABASE, FILES, MANIFEST = "database.age", "files.age", "manifest.json"
ATTACHMENTS, JOURNAL = "attachments", "journal"
FOLDERS = (ATTACHMENTS, "numbers", "crl", JOURNAL, "ca/public", "ca/ceremonies")
"""Folders of PORTAL_DATA in a backup, in the order in which they are read: the journal after lists
and numbers, so that it contains every certificate on which these are based. Keys (ca/keys, secrets)
are left out on purpose."""


# Options that are Django's own, and time limits for which libpq reads no environment variable; a
# connection without them is no less secure.
_OURS = {"isolation_level", "assume_role", "pool", "server_side_binding"}
_OURS |= {"tcp_user_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count"}


class BackupFailed(Refused):
    """The backup could not be made or restored; `str()` tells the operator why."""


def require_store() -> None:
    """Raise BackupFailed if there is a shared store whose key this process does not read."""
    if settings.STORE_URL and not settings.USES_STORE:
        words = _(
            "The documents are in the shared store, and this process does not read its key: run"
            " this with PORTAL_PROCESS=store."
        )
        raise BackupFailed(words)


def postgres(tool: str) -> list[str]:
    """Return the command line of a PostgreSQL tool: the newest version reads all older ones."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"),
        key=lambda tool: int(tool.parents[1].name),
    )
    found = str(versions[-1]) if versions else shutil.which(tool)
    if not found:
        raise BackupFailed(_("%(tool)s is not installed on this machine.") % {"tool": tool})
    return [found, "--no-password"]


PLACE = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
# Other options of a DATABASE_URL, above all TLS, and their variables (PostgreSQL's manual, 32.15).
OPTIONS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "channel_binding": "PGCHANNELBINDING",
    "require_auth": "PGREQUIREAUTH",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "application_name": "PGAPPNAME",
    "client_encoding": "PGCLIENTENCODING",
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
}


def database_environment() -> dict[str, str]:
    """Return the environment variables with which PostgreSQL's tools connect to our database.

    Raises BackupFailed for an option of DATABASE_URL that has no environment variable, since a
    connection without it might be less secure than the service's.
    """
    facts = connection.settings_dict
    asked = {name: str(value) for name, value in facts["OPTIONS"].items() if name not in _OURS}
    if unknown := asked.keys() - OPTIONS.keys():
        names = ", ".join(sorted(unknown))
        words = _("PostgreSQL's tools cannot be told %(names)s: take it out of DATABASE_URL.")
        raise BackupFailed(words % {"names": names})
    place = {variable: str(facts[name]) for name, variable in PLACE.items() if facts[name]}
    options = {OPTIONS[name]: value for name, value in asked.items()}
    return {**os.environ, "PGDATABASE": str(facts["NAME"]), **place, **options}


@contextmanager
def writing(path: Path, recipients: Path) -> Iterator[IO[bytes]]:
    """Yield a stream whose data is written to the file, encrypted, and forced to disk."""
    arguments = ["-R", str(recipients)]
    with os.fdopen(open_or_make(path, os.O_WRONLY), "wb") as file:
        with (
            _age(path, arguments, stdin=subprocess.PIPE, stdout=file) as age,
            cast(IO[bytes], age.stdin) as stream,
        ):
            yield stream
        os.fsync(file.fileno())


@contextmanager
def reading(path: Path, identity: Path) -> Iterator[IO[bytes]]:
    """Yield a stream of the file decrypted with the private key in `identity`."""
    arguments = ["-d", "-i", str(identity), str(path)]
    with (
        _age(path, arguments, stdout=subprocess.PIPE) as age,
        cast(IO[bytes], age.stdout) as stream,
    ):
        yield stream
        while stream.read(1 << 20):  # padding, unread: age fails if it is not read to the end
            continue


@contextmanager
def _age(
    path: Path,
    arguments: Sequence[str],
    *,
    stdin: int | None = None,
    stdout: int | IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run age on the file during the block. Raises BackupFailed, which names the file.

    If age fails, its message replaces errors that follow from it.
    """
    tool, failure = shutil.which("age"), None
    if tool is None:
        raise BackupFailed(_("%(tool)s is not installed on this machine.") % {"tool": "age"})
    with subprocess.Popen(
        [tool, *arguments], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        except (BackupFailed, BrokenPipeError, tarfile.TarError) as error:
            failure = error
        last_words = cast(IO[bytes], process.stderr).read().decode(errors="replace").strip()
    if process.returncode and last_words:
        raise BackupFailed(f"{path}: {last_words}") from failure
    if isinstance(failure, BackupFailed):
        raise failure
    if failure:
        raise BackupFailed(f"{path}: {failure}") from failure
    if process.returncode:
        words = _("%(tool)s ended with status %(status)s")
        raise BackupFailed(words % {"tool": "age", "status": process.returncode})


def run(command: Sequence[str], **streams: Any) -> None:
    """Run a PostgreSQL tool on the service's database; raise BackupFailed if it fails."""
    done = subprocess.run(
        command, env=database_environment(), stderr=subprocess.PIPE, check=False, **streams
    )
    if done.returncode:
        raise BackupFailed(f"{Path(command[0]).name}: {done.stderr.decode(errors='replace')}")


@contextmanager
def loading() -> Iterator[IO[bytes]]:
    """Run the SQL written to the stream in one transaction, committed at the end of the block.

    Raises BackupFailed on any error, leaving the database unchanged, also if this process dies.
    """
    tool, failure = [*postgres("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"], None
    with subprocess.Popen(
        tool,
        env=database_environment(),
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as psql:
        script = cast(IO[bytes], psql.stdin)
        try:
            script.write(b"BEGIN; SET LOCAL client_min_messages = error;\n")
            yield script
            script.write(b"COMMIT;\n")
        except (BackupFailed, BrokenPipeError) as error:
            failure = error
        script.close()
        last_words = cast(IO[bytes], psql.stderr).read().decode(errors="replace").strip()
    if failure or psql.returncode:
        raise BackupFailed(last_words or str(failure)) from failure
