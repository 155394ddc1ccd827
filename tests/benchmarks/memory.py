"""Memory of the whole service at rest, by process, what they share counted in equal parts (PSS)."""

import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests import served
from tests.benchmarks.harness import Figure, figure
from tests.benchmarks.processes import memory_of
from tests.stack import ROOT, free_port

SETTLED = float(os.environ.get("BENCH_MEMORY_SECONDS", "30"))
"""Seconds after the start in which workers say that they are alive, and beat its first words."""
ALLOWED = 500.0
NOT_OURS = {"postgres", "redis-server", "nginx", "bash", "sleep"}


def run() -> list[Figure]:
    """Return MiB by process of `./portal run`, the servers apart from the service's own."""
    with tempfile.TemporaryDirectory(prefix="portal-memory-", dir="/var/tmp") as folder:
        data = Path(folder).resolve()
        (data / "lock").touch()
        started = served.start(ROOT, data, free_port())
        try:
            served.told_by(started, data)
            time.sleep(SETTLED)
            found = _by_name(data)
        finally:
            served.stop(started, data)
    own = {name: found[name] for name in sorted(found.keys() - NOT_OURS)}
    servers = {name: found[name] for name in sorted(found.keys() & NOT_OURS)}
    return [
        figure("memory at rest, the service's own processes", sum(own.values()), "MiB", ALLOWED),
        *(figure(f"  of it {name}", each, "MiB") for name, each in own.items()),
        figure("beside it, the servers it starts", sum(servers.values()), "MiB"),
        *(figure(f"  of it {name}", each, "MiB") for name, each in servers.items()),
    ]


def _by_name(data: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for process in served.running(data):
        try:
            found[Path(f"/proc/{process}/comm").read_text().strip()] += memory_of(process)
        except OSError:  # it has ended meanwhile
            continue
    return found
