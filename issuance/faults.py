"""Fault points: named places where a test lets this process die. Inert outside tests."""

import os
import signal
from pathlib import Path

from django.conf import settings

PREPARE = ("prepare_after_build", "prepare_before_commit", "prepare_after_commit")
APPROVE = ("approve_before_commit", "approve_after_commit")
ISSUE = (
    "before_begin",
    "begin_before_commit",
    "after_begin",
    "before_signing",
    "after_signing",
    "journal_before_sync",
    "after_journal",
    "before_commit",
    "after_commit",
)
"""The points between the steps of each act, in the order in which they are passed."""


def reach(point: str) -> None:
    """Die at once (SIGKILL, nothing cleaned up) if a file ``point`` waits in the test's folder.

    The folder is the setting FAULT_POINTS_DIR, which only test settings have. The file is
    removed first, so that the process started next gets past.
    """
    if not settings.FAULT_POINTS_DIR or settings.PORTAL_ENV != "test":
        return
    try:
        (Path(settings.FAULT_POINTS_DIR) / point).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
