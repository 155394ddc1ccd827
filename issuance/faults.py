"""Fault points: named places where a test lets this process die. Inert outside tests."""

import os
import signal
from pathlib import Path

from django.conf import settings


def reach(point: str) -> None:
    """Die at once (SIGKILL, nothing cleaned up) if a file ``point`` waits in the test's folder.

    The folder is the setting FAULT_POINTS_DIR, which only test settings have. The file is
    removed first, so that the process started next gets past.
    """
    if not settings.FAULT_POINTS_DIR:
        return
    marker = Path(settings.FAULT_POINTS_DIR) / point
    if marker.exists():
        marker.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
