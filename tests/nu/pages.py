"""`--nu`: has the Nu HTML checker read every page that was answered in a run of the tests."""

import gzip
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

# What differs from one answer to the next and changes nothing of the page: tokens, keys, times.
CHANGING = re.compile(r"[\w-]{20,}|[0-9]+", re.ASCII)


def keep(folder: Path, path: str, response: HttpResponseBase) -> None:
    """Write the answer into the folder if it is a page, and none like it is there yet."""
    html = response.headers.get("Content-Type", "").startswith("text/html")
    if not html or not isinstance(response, HttpResponse):
        return
    is_compressed = response.headers.get("Content-Encoding") == "gzip"
    data = gzip.decompress(response.content) if is_compressed else response.content
    text = data.decode()
    if "<html" not in text:  # scripts put it into a page
        return
    name = re.sub(r"\W+", "_", CHANGING.sub("", path)).strip("_")
    file = folder / f"{name[:80]}-{sha256(CHANGING.sub('', text).encode()).hexdigest()[:12]}.html"
    if not file.exists():
        file.write_text(text, encoding="utf-8")


class Pages:
    """Keeps the pages answered in a run and lets the run fail for what the checker finds in them.

    With pytest-xdist, the processes of the run write into the same folder; the process that was
    started empties it first and has it read in the end.
    """

    def __init__(self, folder: Path, check: Callable[[Path], list[str]], *, judges: bool) -> None:
        """Take where the pages are kept, how they are checked, and whether this process does so."""
        self.folder, self.check, self.judges = folder, check, judges
        self.found: list[str] = []
        if judges:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        answer = BaseHandler.get_response

        def answer_and_keep(handler: BaseHandler, request: HttpRequest) -> HttpResponseBase:
            response = answer(handler, request)
            keep(folder, request.path, response)
            return response

        pytest.MonkeyPatch().setattr(BaseHandler, "get_response", answer_and_keep)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Have the pages read. A run that kept none has shown nothing."""
        if self.judges:
            kept = any(self.folder.iterdir())
            self.found = self.check(self.folder) if kept else ["no page was kept"]
            if self.found and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Tell what was found."""
        for one in self.found:
            terminalreporter.write_line(f"HTML: {one}", red=True)
