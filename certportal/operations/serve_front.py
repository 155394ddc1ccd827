"""Serves `front`: `python -m certportal.operations.serve_front ADDRESS [WORKERS]`.

The address is `unix:PATH` or `HOST:PORT`. Only nginx connects to it, which sends requests whole.
"""

import gc
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from certportal import wsgi_front  # before the workers are forked, which share it

OPTIONS: dict[str, Any] = {
    "interface": Interfaces.WSGI,
    "http": HTTPModes.http1,
    "websockets": False,
    # Only one thread at a time waits for the `ca` worker (issuance/publication/ask_worker.py).
    "blocking_threads": 3,
    "respawn_failed_workers": True,
    # granian does not notice a frozen worker, so each is replaced, and killed if it does not end.
    "workers_lifetime": 60,
    "workers_kill_timeout": 5,
    "log_level": LogLevels.warning,
    "log_dictconfig": settings.LOGGING,
}


def main(address: str, workers: str = "1") -> None:
    """Serve until the process is stopped. Raises ValueError for an address of another form."""
    gc.collect()
    gc.freeze()  # the collector writes to the objects that it examines, which would copy them
    target = f"{wsgi_front.__name__}:application"
    Granian(target, workers=int(workers), **_place(address), **OPTIONS).serve()


def _place(address: str) -> dict[str, Any]:
    if address.startswith("unix:"):
        file = Path(address.removeprefix("unix:"))
        file.unlink(missing_ok=True)  # a server that was killed leaves it
        return {"uds": file}
    host, _, port = address.rpartition(":")
    return {"address": host, "port": int(port)}


if __name__ == "__main__":
    main(*sys.argv[1:])
