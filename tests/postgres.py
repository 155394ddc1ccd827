"""A private PostgreSQL that a test may stop, restart and throw away."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from django.db import connections

from tests.stack import database_url

PORT = "5432"


class PrivatePostgres:
    """A cluster on a Unix socket in a folder of its own, durable as in service."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="pg-", dir="/tmp"))
        programs = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
        self.bin = max(programs, key=lambda path: int(path.parts[-3])).parent
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)

    def run(self, tool: str, *arguments: str) -> None:
        """Run one of PostgreSQL's tools as the cluster's user."""
        other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*other, str(self.bin / tool), *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )

    def make(self) -> None:
        """Make the cluster and start it."""
        self.run("initdb", "-D", f"{self.folder}/data", "-U", "portal", "-A", "trust", "-E", "UTF8")
        self.control("start")

    def fill(self, address: str) -> None:
        """Put a copy of the database at the address into it; to migrate takes far longer."""
        asked = [str(self.bin / "pg_dump"), "--no-privileges", "--no-owner", address]
        dump = subprocess.run(asked, check=True, stdout=subprocess.PIPE).stdout
        own = ["-h", str(self.folder), "-p", PORT, "-U", "portal", "postgres"]
        filling = [str(self.bin / "psql"), "-qX1", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", *own]
        subprocess.run(filling, check=True, input=dump)

    def control(self, what: str, *more: str) -> None:
        """Start, stop or restart, and wait until it is done."""
        options = f"-k {self.folder} -c listen_addresses='' -c port={PORT}"
        log = f"{self.folder}/log"
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-l", log, "-o", options, "-w", what, *more)

    def restart(self) -> None:
        """Restart at once, as after a crash: sessions die, what was not committed is gone."""
        self.control("restart", "-m", "immediate")

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self.control("stop", "-m", "immediate")
        shutil.rmtree(self.folder)


@contextmanager
def private_database() -> Iterator[PrivatePostgres]:
    """Work on a copy of the test's database in a PostgreSQL of one's own."""
    facts = connections["default"].settings_dict
    before = {name: facts[name] for name in ("NAME", "HOST", "PORT", "USER")}
    server = PrivatePostgres()
    server.make()
    server.fill(database_url())
    connections.close_all()
    facts |= {"NAME": "postgres", "HOST": str(server.folder), "PORT": PORT, "USER": "portal"}
    try:
        yield server
    finally:
        connections.close_all()
        facts |= before
        server.remove()
