"""The provider's process, our keys, and a browser that follows by hand."""

import json
import logging
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from accounts.identification.saml import metadata
from accounts.identification.saml.provider import Saml
from certportal.foundation import clock
from tests.accounts.saml import idp
from tests.accounts.saml.pairs import make_pair
from tests.journeys.steps import await_true
from tests.stack import ROOT, free_port


class Idp:
    """The provider's process; `options` make our side trust it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.own = make_pair(directory, "sp")
        make_pair(directory, "idp")
        self.metadata = directory / "idp.xml"
        self.metadata.write_text(idp.metadata(directory, self.port))
        self.process: subprocess.Popen[bytes] | None = None

    def options(self, base_url: str) -> dict[str, Any]:
        return {
            "base_url": base_url,
            "entity_id": f"{base_url}/identification/saml",
            "keys": (self.own,),
            "metadata": str(self.metadata),
            "idp_entity_id": f"{self.base}/idp1",
            "levels": (idp.LEVEL, "http://eidas.europa.eu/LoA/high"),
            "skew_seconds": 60,
            "contact": "varmenteet@example.fi",
        }

    def start(self, base_url: str) -> None:
        """Give the provider our metadata and start it."""
        saml = Saml(**self.options(base_url))
        xml = metadata.document(saml.party, saml.contact, now=clock.now())
        (self.directory / "sp.xml").write_bytes(xml)
        command = [sys.executable, "-m", "tests.accounts.saml.idp"]
        with (self.directory / "idp.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, str(self.directory), str(self.port)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await_true(self.answers, f"no provider; see {self.directory}/idp.log", seconds=120)

    def answers(self) -> bool:
        try:
            return requests.get(self.base, timeout=2).ok
        except requests.ConnectionError:
            return False

    def knows(self) -> dict[str, Any]:
        """Return the provider's sessions and what it has heard of logouts."""
        found: dict[str, Any] = json.loads(requests.get(self.base, timeout=5).text)
        return found

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None


@pytest.fixture(scope="session")
def provider_process(live_server, tmp_path_factory):
    """One provider process, which knows the test's own server."""
    running = Idp(tmp_path_factory.mktemp("idp"))
    running.start(live_server.url)
    yield running
    running.stop()


@pytest.fixture
def trusting(settings, live_server, provider_process):
    """A service that trusts the provider."""
    settings.IDENTIFICATION = {
        "BACKEND": "accounts.identification.saml.provider.Saml",
        "OPTIONS": provider_process.options(live_server.url),
    }
    return provider_process


@pytest.fixture
def visitor(trusting, live_server):
    """A visitor's browser."""
    with requests.Session() as session:
        yield Visitor(live_server.url, session)


@pytest.fixture
def other(trusting, live_server):
    """Another visitor's browser."""
    with requests.Session() as session:
        yield Visitor(live_server.url, session)


class Visitor:
    """Follows the way by hand, so that each step can be looked at."""

    def __init__(self, base: str, session: requests.Session) -> None:
        self.base, self.session = base, session

    def get(self, address: str) -> requests.Response:
        return self.session.get(urljoin(self.base, address), allow_redirects=False)

    def leave(self, query: str = "", language: str = "fi") -> str:
        """Go to identification; return the provider's address."""
        return self.get(f"/{language}/account/login/start/{query}").headers["Location"]

    def press(self, address: str, person: str, bend: str = "") -> tuple[str, dict[str, str]]:
        """Press a button at the provider; return what is then posted, and where."""
        page = self.session.get(address)
        page.raise_for_status()
        form = fields(page.text) | {"person": person, "bend": bend}
        answer = self.session.post(urljoin(address, "/answer"), data=form)
        answer.raise_for_status()
        action = re.search(r'action="([^"]*)"', answer.text)
        assert action is not None
        return unescape(action[1]), fields(answer.text)

    def bring(self, place: str, posted: dict[str, str]) -> requests.Response:
        """Post the answer as a page of another site does: without our cookies."""
        arrived = requests.post(place, data=posted, allow_redirects=False)
        assert arrived.status_code == 303
        assert "Set-Cookie" not in arrived.headers
        return self.get(arrived.headers["Location"])

    def log_in(self, person: str = "matti", query: str = "", **more: str) -> requests.Response:
        bend = more.pop("bend", "")
        return self.bring(*self.press(self.leave(query, **more), person, bend))


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


@pytest.fixture
def said():
    """Everything written to the log, rendered."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)
