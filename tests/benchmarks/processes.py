"""What processes take, as the kernel counts it: CPU time and memory."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")


class Spent(dict[str, float]):
    """CPU seconds by process."""

    def __sub__(self, earlier: "Spent") -> "Spent":
        return Spent({name: each - earlier[name] for name, each in self.items()})

    def __truediv__(self, number: int) -> "Spent":
        return Spent({name: each / number for name, each in self.items()})

    @property
    def total(self) -> float:
        """Return that of all together."""
        return sum(self.values())


def spent_by(processes: Mapping[str, int | Sequence[int]]) -> Spent:
    """Return what was spent so far: of leaders of sessions, of single processes, of the servers.

    By name a leader, for all in its session, or several processes, for these alone.
    """
    found = Spent()
    for name, which in processes.items():
        found[name] = of_session(which) if isinstance(which, int) else sum(map(_of, which))
    return Spent({**found, "postgresql": of_database(), "redis": _of_broker()})


def memory_of(process: int) -> float:
    """MiB of a process, what it shares with others counted in equal parts (PSS)."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def resident_of(process: int) -> float:
    """MiB of a process that are in memory now, what it shares with others included (RSS)."""
    return _memory(process, "VmRSS")


def watch_peak(process: int) -> None:
    """Have the kernel count the peak anew from now on (proc_pid_clear_refs(5))."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def peak_of(process: int) -> float:
    """MiB of a process at its peak since `watch_peak`, counted as `resident_of`."""
    return _memory(process, "VmHWM")


def in_session(leader: int) -> list[int]:
    """Return the processes of the session, the leader first."""
    return sorted(each for each, stat in _every() if int(stat[3]) == leader)


def _memory(process: int, name: str) -> float:
    told = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines()
    )
    return int(told[name].split()[0]) / 1024


def _of(process: int) -> float:
    stat = _stat(process)
    assert stat is not None, f"process {process} has ended"
    return _seconds(stat)


def of_session(leader: int) -> float:
    """Of all in the session that the process leads, and of their children who ended."""
    return sum(_seconds(stat) for _, stat in _every() if int(stat[3]) == leader)


def of_database() -> float:
    """Of PostgreSQL's main process, its children, and those that ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        own = _stat(cursor.fetchone()[0])
    assert own is not None
    main = int(own[1])
    return sum(_seconds(stat) for each, stat in _every() if main in {each, int(stat[1])})


def _of_broker() -> float:
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        told = broker.info("cpu")
    return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])


def _every() -> list[tuple[int, list[str]]]:
    numbers = [int(each.name) for each in Path("/proc").glob("[0-9]*")]
    return [(each, stat) for each in numbers if (stat := _stat(each))]


def _stat(process: int) -> list[str] | None:
    """The fields after the name: state, parent, group, session, …; None if it has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _seconds(stat: list[str]) -> float:
    """User and system time, own and that of children who ended (proc(5): fields 14 to 17)."""
    return sum(map(int, stat[11:15])) / TICKS
