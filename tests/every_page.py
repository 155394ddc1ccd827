"""`--every-page`: fails a run of the browser tests that left out a page."""

from collections.abc import Callable
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter


class EveryPage:
    """Names the pages that no test of the run looked at, and lets the run fail for them.

    With pytest-xdist the tests run in several processes. Each hands over the names it noted; the
    process that was started, and it alone, judges them all. A process that crashed hands over none,
    so that its pages count as left out.
    """

    def __init__(
        self, noted: Callable[[], set[str]], overlooked: Callable[[set[str]], list[str]]
    ) -> None:
        """Take how to get the names noted in this process, and which pages are not among names."""
        self.noted, self.overlooked = noted, overlooked
        self.names: set[str] = set()
        self.missing: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a process of the run noted."""
        self.names |= set(getattr(node, "workeroutput", {}).get("pages", []))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over the names, or, where they come together, see which are missing."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["pages"] = sorted(self.noted())
            return
        self.missing = self.overlooked(self.names | self.noted())
        if self.missing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Name what is missing."""
        if self.missing:
            pages = ", ".join(self.missing)
            terminalreporter.write_line(f"Pages that no browser test looked at: {pages}", red=True)
