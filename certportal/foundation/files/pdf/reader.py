"""Parsing a PDF in a child process with a timeout."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from certportal.foundation.errors import Unavailable
from certportal.foundation.turns import turn

log = structlog.get_logger(__name__)

SECONDS = 20

# Last in the path: there are modules here with the names of libraries.
_START = (
    "import sys; sys.path.append(sys.argv[1]); from foundation.files.pdf.child import main; main()"
)
# -I (isolated): working directory and environment variables do not affect what is imported.
COMMAND = [sys.executable, "-I", "-c", _START, str(Path(__file__).parents[3])]


@dataclass(frozen=True, slots=True)
class Opened:
    """The child's result: verdict (see `child.judge`), findings, and the copy for viewing."""

    verdict: str
    found: tuple[str, ...] = ()
    copy: bytes = b""


def open_pdf(data: bytes) -> Opened:
    """Parse the document in a child; if the child dies or times out, the verdict is `complex`.

    Raises Unavailable when no child can be started, and AllTaken: turns also bound the children's
    total memory.
    """
    try:
        with turn():
            whole, written = _run(data)
    except OSError as error:
        raise Unavailable("PDF reader") from error
    state, _newline, rest = written.partition(b"\n")
    if state not in (b"confined", b"unfiltered"):
        raise Unavailable("PDF reader did not start")
    if state == b"unfiltered":
        log.warning("pdf_reader_without_seccomp")
    return _read(rest) if whole else Opened("complex")


def _run(data: bytes) -> tuple[bool, bytes]:
    """Return whether the child succeeded, and its output."""
    with os.fdopen(os.memfd_create("pdf"), "w+b") as answer:
        try:
            ended = subprocess.run(
                COMMAND,
                input=data,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:  # and killed
            log.warning("pdf_reader_stopped", seconds=SECONDS)
            whole = False
        else:
            whole = ended.returncode == 0
        answer.seek(0)
        return whole, answer.read()


def _read(written: bytes) -> Opened:
    line, _newline, copy = written.partition(b"\n")
    answer: dict[str, Any] = json.loads(line)
    return Opened(answer["verdict"], tuple(answer.get("found", ())), copy)
