"""A file system of another machine that hangs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certportal.foundation.files import other_disks


@contextmanager
def hanging(file: Path) -> Iterator[None]:
    """Whoever reads the file waits until the end of the block."""
    file.unlink(missing_ok=True)
    os.mkfifo(file)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(other_disks, "LIMIT", 0.05)
            yield
    finally:
        os.close(os.open(file, os.O_RDWR))
        forget()


def forget() -> None:
    """Wait for the calls that hung and answer now."""
    for thread in other_disks._hanging.values():
        thread.join()
    other_disks._hanging.clear()
