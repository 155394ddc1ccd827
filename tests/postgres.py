"""A private PostgreSQL that a test may stop, restart and throw away."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from django.core.management import call_command
from django.db import connections

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
    """Work on a fresh, migrated database of a PostgreSQL of one's own."""
    facts = connections["default"].settings_dict
    before = {name: facts[name] for name in ("NAME", "HOST", "PORT", "USER")}
    server = PrivatePostgres()
    server.make()
    connections.close_all()
    facts |= {"NAME": "postgres", "HOST": str(server.folder), "PORT": PORT, "USER": "portal"}
    try:
        call_command("migrate", verbosity=0)
        yield server
    finally:
        connections.close_all()
        facts |= before
        server.remove()
