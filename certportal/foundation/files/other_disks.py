"""Directories of other machines, whose file systems may hang for ever."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread

LIMIT = 10.0
"""Seconds that such a directory may take to answer."""

_hanging: dict[str, Thread] = {}


def within_limit[T](place: str | Path, work: Callable[[], T]) -> T:
    """Do the work in the directory in a thread, and wait for it at most LIMIT.

    A call to a hanging file system cannot be cancelled; while one hangs, no other is begun in the
    same directory. Raises TimeoutError, which is an OSError, and whatever the work raises.
    """
    name = str(place)
    if name in _hanging and _hanging[name].is_alive():
        raise TimeoutError(f"{name} hangs")
    made: list[T] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            made.append(work())
        except Exception as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT)
    if thread.is_alive():
        _hanging[name] = thread
        raise TimeoutError(f"{name} does not answer within {LIMIT:.0f} s")
    if failed:
        raise failed[0]
    return made[0]
