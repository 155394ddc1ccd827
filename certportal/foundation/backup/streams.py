"""Streams through age and PostgreSQL's own tools: nothing readable is ever put on a disk.

age (age-encryption.org/v1) encrypts to a public key, so that whoever makes backups cannot read
them, and authenticates every 64 KiB, so that a damaged or cut copy is noticed while it is read.
"""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from django.db import connection

DATABASE, FILES, MANIFEST = "database.age", "files.age", "manifest.json"
FOLDERS = ("attachments", "journal", "crl", "ca/public", "ca/ceremonies")
"""Folders of PORTAL_DATA that are kept. Keys (ca/keys, secrets) are on purpose not among them."""


class BackupFailed(Exception):
    """The backup was not made or not restored; `str()` says why, for an operator."""


def postgres(tool: str) -> list[str]:
    """Return the command of a PostgreSQL tool: the newest installed, which reads every version."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"), key=_version)
    found = str(versions[-1]) if versions else shutil.which(tool)
    if not found:
        raise BackupFailed(f"{tool} is not installed")
    return [found, "--no-password"]


def _version(tool: Path) -> int:
    return int(tool.parents[1].name)


def database_environment() -> dict[str, str]:
    """Return the environment in which PostgreSQL's tools find this service's database."""
    facts = connection.settings_dict
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
    chosen = {variable: str(facts[name]) for name, variable in names.items() if facts[name]}
    return {**os.environ, "PGDATABASE": str(facts["NAME"]), **chosen}


@contextmanager
def writing(path: Path, recipients: Path) -> Iterator[IO[bytes]]:
    """Encrypt what is written to the stream into the file."""
    arguments = ["-R", str(recipients), "-o", str(path)]
    with _age(arguments, stdin=subprocess.PIPE) as age, cast(IO[bytes], age.stdin) as stream:
        yield stream


@contextmanager
def reading(path: Path, identity: Path) -> Iterator[IO[bytes]]:
    """Decrypt the file with the private key in `identity`."""
    arguments = ["-d", "-i", str(identity), str(path)]
    with _age(arguments, stdout=subprocess.PIPE) as age, cast(IO[bytes], age.stdout) as stream:
        yield stream
        while stream.read(1 << 20):  # what padding the reader left: age wants to be read to its end
            continue


@contextmanager
def _age(
    arguments: Sequence[str], *, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run age while the block runs. Its failure explains any that follows from it."""
    tool, failure = shutil.which("age"), None
    if tool is None:
        raise BackupFailed("age is not installed")
    with subprocess.Popen(
        [tool, *arguments], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        except (BackupFailed, BrokenPipeError, tarfile.TarError) as error:
            failure = error
        last_words = cast(IO[bytes], process.stderr).read().decode(errors="replace").strip()
    if process.returncode and last_words:
        raise BackupFailed(last_words) from failure
    if failure or process.returncode:
        raise failure or BackupFailed(f"age ended with status {process.returncode}")


def run(command: Sequence[str], **streams: Any) -> None:
    """Run a PostgreSQL tool on the service's database; raise BackupFailed if it fails."""
    done = subprocess.run(
        command, env=database_environment(), stderr=subprocess.PIPE, check=False, **streams
    )
    if done.returncode:
        raise BackupFailed(f"{Path(command[0]).name}: {done.stderr.decode(errors='replace')}")


@contextmanager
def loading() -> Iterator[IO[bytes]]:
    """Run the SQL written to the stream in one transaction, which stands once the block is over.

    Whatever fails before, be it this process, the database is as it was: raises BackupFailed.
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
