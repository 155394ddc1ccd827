"""What each minute is measured: memory, open files, connections, work that waits."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from tests.containers.service import Service, run

QUEUES = ("default", "mail", "ca")
YOUNG = 45.0
"""Seconds; younger processes are probes of the containers' health."""
STATE = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = 'portal'),
       (SELECT count(*) FROM foundation_outboxitem WHERE done_at IS NULL AND failed_at IS NULL),
       (SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0) FROM foundation_outboxitem
         WHERE done_at IS NULL AND failed_at IS NULL AND due_at < now()),
       (SELECT count(*) FROM foundation_outboxitem WHERE failed_at IS NOT NULL)
"""
REDIS = "REDISCLI_AUTH=$(cat /run/secrets/redis_password) redis-cli "


@dataclass(frozen=True)
class Process:
    """One process at one time; memory in kB."""

    service: str
    command: str
    own: int
    """Anonymous memory: what only grows by what the process itself keeps."""
    share: int
    """Proportional share of all its memory."""
    files: int


@dataclass(frozen=True)
class Sample:
    """The whole installation at one time, in seconds since the start."""

    at: float
    processes: dict[int, Process]
    connections: int
    waiting: int
    oldest: float
    set_aside: int
    queued: dict[str, int]
    redis: int
    health: str

    def of(self, service: str) -> tuple[int, int]:
        """Return memory (kB) and open files of the service's processes."""
        ours = [one for one in self.processes.values() if one.service == service]
        return sum(one.share for one in ours), sum(one.files for one in ours)


def query(service: Service, sql: str) -> list[str]:
    """Return the columns of the one row that the database answers."""
    psql = ["psql", "-U", "portal", "-h", "127.0.0.1", "-AtF", ",", "-c", sql, "portal"]
    secret = 'export PGPASSWORD=$(cat /run/secrets/postgres_password); exec "$@"'
    told = service.compose("exec", "-T", "postgres", "sh", "-c", secret, "sh", *psql)
    return told.strip().split(",")


def sample(service: Service, begun: float) -> Sample:
    """Look at everything once."""
    connections, waiting, oldest, set_aside = query(service, STATE)
    asked = "; ".join([f"{REDIS} llen {queue}" for queue in QUEUES])
    asked += f"; {REDIS} info memory | sed -n 's/^used_memory:\\([0-9]*\\).*/\\1/p'"
    *lengths, memory = service.compose("exec", "-T", "redis", "sh", "-c", asked).split()
    return Sample(
        at=time.monotonic() - begun,
        processes=_processes(service),
        connections=int(connections),
        waiting=int(waiting),
        oldest=float(oldest),
        set_aside=int(set_aside),
        queued=dict(zip(QUEUES, map(int, lengths), strict=True)),
        redis=int(memory) // 1024,
        health=service.health(),
    )


def _processes(service: Service) -> dict[int, Process]:
    found = {}
    told = service.compose("ps", "--format", "{{.Service}} {{.Name}}")
    for name, container in (line.split() for line in told.splitlines()):
        for line in run("docker", "top", container, "-eo", "pid").split()[1:]:
            one = _process(name, Path("/proc") / line)
            if one:
                found[int(line)] = one
    return found


def _process(service: str, place: Path) -> Process | None:
    """Return what the kernel tells of it; None if it is young or has ended."""
    try:
        if _age(place) < YOUNG:
            return None
        status = _fields(place / "status")
        shared = _fields(place / "smaps_rollup")
        command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        files = len(list((place / "fd").iterdir()))
    except OSError:
        return None
    return Process(service, command, status["RssAnon"], shared["Pss"], files)


def _age(place: Path) -> float:
    began = int((place / "stat").read_text().rpartition(")")[2].split()[19])
    now = float(Path("/proc/uptime").read_text().split()[0])
    return now - began / os.sysconf("SC_CLK_TCK")


def _fields(file: Path) -> dict[str, int]:
    """Return the lines `Name:  123 kB`."""
    lines = (line.split() for line in file.read_text().splitlines())
    return {one[0].rstrip(":"): int(one[1]) for one in lines if len(one) == 3 and one[2] == "kB"}
