"""The whole service as real processes: web server, both Celery workers and beat.

They work on the test database, a Redis of their own, and files of their own.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from certportal.foundation.database.database_roles import Role
from tests.forked import Forked, fork
from tests.journeys.steps import await_true

ROOT = Path(__file__).parent.parent
ROLE_OF = {
    "web": Role.WEB,
    "default": Role.WORKER,
    "mail": Role.WORKER,
    "ca": Role.CA,
    "metrics": Role.METRICS,
}
"""The account of each process that uses the database, by PORTAL_PROCESS."""
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
# Nothing is kept on disk: what the broker holds when it stops is lost.
REDIS = ["redis-server", "--port", "0", "--save", "", "--appendonly", "no"]
GUNICORN = ["gunicorn", "--worker-class", "gthread", "--threads", "6"]
WORK = "certportal.operations.work"

type Process = subprocess.Popen[bytes] | Forked


class Stack:
    """Starts and stops processes by name: broker, web, default, mail, ca, beat, metrics,
    and store, which fetches published files.

    The broker is a Redis of this stack alone; with `redis_number` it is that database of the
    Redis that REDIS_URL names, and `broker` need not be started. `tree`: the checkout whose program
    is started, with its own `.venv`.
    """

    def __init__(self, data: Path, *, redis_number: int | None = None, tree: Path = ROOT) -> None:
        self.data = data
        self.tree = tree
        self.logs = data / "log"
        self.python = sys.executable if tree == ROOT else str(tree / ".venv/bin/python")
        self.port = free_port()
        self.base = f"http://localhost:{self.port}"
        self.mails = data / "mail"
        self.keys = data / "keys"
        self.faults = data / "faults"
        self.password = data / "ca_password"
        self.socket = data / "redis.sock"
        self.granted = False
        self.processes: dict[str, Process] = {}
        # Authenticator apps of the people who use the stack, by name.
        self.apps: dict[str, Any] = {}
        for folder in (self.mails, self.faults, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.password.write_text("only for tests")
        self.environment = {
            **os.environ,
            "PORTAL_ENV": "test",
            "PORTAL_DATA": str(data),
            "PORTAL_BASE_URL": self.base,
            "DATABASE_URL": database_url(),
            "REDIS_URL": f"unix://{self.socket}?db=0"
            if redis_number is None
            else redis_url(redis_number),
            "SMTP_URL": "",
            "FAULT_POINTS_DIR": str(self.faults),
            # A worker that died is noticed at once, not after a minute.
            "OUTBOX_LEASE_SECONDS": "3",
            "OUTBOX_SWEEP_SECONDS": "0.5",
            "DJANGO_SETTINGS_MODULE": "certportal.settings",
        }

    def modules(self) -> dict[str, list[str]]:
        """Return what each process runs: a module and its arguments."""
        return {
            "web": [*GUNICORN, "certportal.wsgi", "--bind", f"127.0.0.1:{self.port}"],
            # At the address of web: a test starts one of them.
            "front": ["certportal.operations.serve_front", f"127.0.0.1:{self.port}"],
            "default": [WORK],
            "mail": [WORK],
            "ca": [WORK],
            "store": ["manage", "fetch_files"],
            "metrics": ["certportal.operations.metrics"],
            "beat": [WORK, str(self.data / "schedule")],
        }

    def start(self, *names: str, extra: Mapping[str, str] | None = None) -> None:
        """Start the named processes, each in a process group of its own."""
        for name in names:
            own = {"DATABASE_URL": database_url(ROLE_OF.get(name))} if self.granted else {}
            environment = {**self.environment, **own, "PORTAL_PROCESS": name, **(extra or {})}
            if name == "ca":
                environment |= {
                    "CA_KEYS_DIR": str(self.keys),
                    "CA_KEY_PASSWORD_FILE": str(self.password),
                }
            self.processes[name] = self._started(name, environment)

    def _started(self, name: str, environment: Mapping[str, str]) -> Process:
        log = self.logs / f"{name}.log"
        if name == "broker":
            command = [*REDIS, "--unixsocket", str(self.socket), "--dir", str(self.data)]
        elif self.tree == ROOT:
            return fork(name, self.modules()[name], environment, log)
        else:
            command = [self.python, "-m", *self.modules()[name]]
        with log.open("ab") as said:
            return subprocess.Popen(
                command,
                cwd=self.tree,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def manage(self, *arguments: str, typed: str = "") -> str:
        """Run a Django command with the keys at hand, as the key ceremony does.

        `typed` is its standard input.
        """
        keys = {"CA_KEYS_DIR": str(self.keys), "CA_KEY_PASSWORD_FILE": str(self.password)}
        done = subprocess.run(
            [self.python, "manage.py", *arguments],
            cwd=self.tree,
            env={**self.environment, "PORTAL_PROCESS": "manage", **keys},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def prepare(self) -> None:
        """Make the CA hierarchies, import the register and give the reviewers their role.

        From now on each process has its own account of the database, if that asks no password.
        """
        if self.tree == ROOT and not urlsplit(os.environ["DATABASE_URL"]).password:
            self.manage("grant_roles")
            self.granted = True
        self.manage("create_ca", "--demo", "--rsa-bits", "2048")
        self.manage("import_register", "--sample")
        self.manage("demo_people")

    def await_web(self) -> None:
        """Wait until the web server answers."""
        await_true(self.answers, f"no web server; see {self.logs}/web.log", seconds=120)

    def answers(self, path: str = "/livez") -> bool:
        """Whether the web server answers the path with 200."""
        try:
            with urllib.request.urlopen(self.base + path, timeout=2) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def await_worker(self, name: str) -> None:
        """Wait until the worker has said that it is ready."""
        log = self.logs / f"{name}.log"
        await_true(
            lambda: log.exists() and b"ready." in log.read_bytes(), f"no {name}", seconds=120
        )

    def kill(self, name: str) -> None:
        """SIGKILL the whole process group at once."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes.pop(name).wait()
        (self.logs / f"{name}.log").unlink()

    def halt(self, name: str) -> None:
        """Stop the named process in good order."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)

    def restart(self, *names: str, extra: Mapping[str, str]) -> None:
        """Stop the named processes in good order and start them with other settings."""
        for name in names:
            self.halt(name)
        self.start(*names, extra=extra)
        self.await_web()

    def stop(self) -> None:
        """Stop everything; what does not stop by itself is killed."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()


_given: list[ExitStack] = []


def free_port(in_a_row: int = 1) -> int:
    """Return a port that nobody listens on, and that nobody is given while this process lives.

    It is none of those that the kernel gives to whoever asks for any: such a port could be taken
    before the caller's server listens. With `in_a_row`, this holds for as many ports from it on.
    """
    lowest, highest = map(int, EPHEMERAL.read_text().split())
    every = range(20_000, 65_537 - in_a_row)
    ports = [port for port in every if not lowest - in_a_row < port <= highest]
    while True:
        first = secrets.choice(ports or every)
        with ExitStack() as marks:
            try:
                for port in range(first, first + in_a_row):
                    _mark(port, marks)
            except OSError:
                continue
            _given.append(marks.pop_all())
            return first


def _mark(port: int, marks: ExitStack) -> None:
    """Keep others from being given the port; OSError if somebody has it."""
    mark = marks.enter_context(socket.socket(socket.AF_UNIX))
    mark.bind(f"\0portal-test-port-{port}")  # is free again when the process has ended
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))


def database_url(role: Role | None = None) -> str:
    """Return DATABASE_URL with the name of the test database in force, for the owner or a role."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    netloc = parts.netloc if role is None else f"{role}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=netloc, path="/" + connection.settings_dict["NAME"]))


def redis_url(number: int) -> str:
    """Return REDIS_URL with another database number."""
    parts = urlsplit(os.environ["REDIS_URL"])
    if parts.scheme == "unix":  # urlunsplit would leave out the slashes of unix:///
        return f"unix://{parts.netloc}{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))
