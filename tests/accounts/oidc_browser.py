"""A browser that identifies at the test provider over real HTTP, and the log meanwhile."""

import logging
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import requests
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer


@pytest.fixture
def visitor(live_server: LiveServer, settings: Settings) -> Iterator["Browser"]:
    """A visitor's browser at a server that trusts the test provider it serves itself."""
    options = {**settings.IDENTIFICATION["OPTIONS"], "issuer": f"{live_server.url}/testidp"}
    settings.IDENTIFICATION = {**settings.IDENTIFICATION, "OPTIONS": options}
    yield Browser(live_server.url)
    while Browser.opened:  # a connection kept alive keeps the server's thread and its database
        Browser.opened.pop().close()


class Browser:
    """Follows redirects by hand, so that each step can be looked at."""

    opened: ClassVar[list[requests.Session]] = []

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.opened.append(self.session)

    def get(self, address: str, **more: Any) -> requests.Response:
        return self.session.get(self._absolute(address), allow_redirects=False, **more)

    def leave(self, query: str = "", language: str = "fi") -> str:
        """Go to identification; return the provider's address."""
        return self.get(f"/{language}/account/login/start/{query}").headers["Location"]

    def press(self, address: str, person: str) -> str:
        """Press a button on the provider's page; return where it sends the browser."""
        page = self.session.get(address)
        form = {"person": person, "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        assert page.status_code == 200
        answer = self.session.post(address, data=form, allow_redirects=False)
        return answer.headers["Location"]

    def log_in(self, person: str, query: str = "", language: str = "fi") -> requests.Response:
        return self.get(self.press(self.leave(query, language), person))

    def _absolute(self, address: str) -> str:
        return address if address.startswith("http") else f"{self.base}{address}"


class Lines(logging.Handler):
    """Keeps each line of the log, rendered."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(record.getMessage())


@pytest.fixture
def capture_logs() -> Iterator[list[str]]:
    """Everything written to the log, rendered."""
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)
