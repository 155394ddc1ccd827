"""Fault points: named places where a test can kill this process. Inert outside tests."""

import os
import signal
from pathlib import Path

from django.conf import settings


def reach(point: str) -> None:
    """Kill this process (SIGKILL, no clean-up) if FAULT_POINTS_DIR holds a file named ``point``.

    Only the test settings set FAULT_POINTS_DIR. The file is removed first, so that the next
    process passes the same point unharmed.
    """
    if not settings.FAULT_POINTS_DIR or settings.PORTAL_ENV != "test":
        return
    try:
        (Path(settings.FAULT_POINTS_DIR) / point).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
