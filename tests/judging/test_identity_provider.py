"""Identification by a SAML identity provider that others have made, set up as Suomi.fi-tunnistus.

The provider is the npm package `samlp`: its signatures, encryption and messages are made by other
libraries than pysaml2's and ours.
"""

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from accounts.identification import claims
from accounts.identification.saml.party import Party
from accounts.models import Person, SignOn
from tests.accounts.saml.pairs import make_pair
from tests.judging import node
from tests.stack import free_port

HERE = Path(__file__).parent / "idp"
LEVEL = "http://ftn.ficora.fi/2017/loatest2"
MATTI = {
    claims.HETU: "010180-9015",
    claims.FAMILY_NAME: "Meikäläinen",
    claims.EIDAS_GIVEN_NAME: "Matti Juhani",
}
HOME, FAILED = "/fi/home/", "/fi/account/login/failed/"
GCM = "http://www.w3.org/2009/xmlenc11#"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="session")
def provider_package(tmp_path_factory):
    """The folder in which the provider is installed as its lock file says."""
    folder = tmp_path_factory.mktemp("idp")
    node.install(HERE, "idp.mjs", folder)
    return folder


def options_of(service, base, own, metadata):
    """Return the settings by which the service at this address trusts the provider at ``base``."""
    return {
        "base_url": service,
        "entity_id": f"{service}/identification/saml",
        "keys": (own,),
        "metadata": str(metadata),
        "idp_entity_id": f"{base}/idp",
        "levels": (LEVEL,),
        "skew_seconds": 60,
        "contact": "varmenteet@example.fi",
    }


def wanted_of(options, base, theirs):
    """Return what the provider is told: of itself, of the service, and of Matti."""
    party = Party(options["base_url"], options["entity_id"], options["keys"], (LEVEL,))
    return {
        "base": base,
        "port": urlsplit(base).port,
        "certificate": Path(theirs[0]).read_text(),
        "key": Path(theirs[1]).read_text(),
        "sp": {
            "entity_id": party.entity_id,
            "certificate": party.pairs[0].certificate,
            "answer_url": party.answer_url,
            "logout_url": party.logout_url,
        },
        "person": MATTI,
        "level": LEVEL,
    }


@pytest.fixture
def provider(provider_package, live_server, settings, tmp_path):
    """Start a provider that does these things otherwise, and let the service trust it."""
    started = []

    def start(**otherwise: Any) -> str:
        base, metadata = f"http://127.0.0.1:{free_port()}", tmp_path / "idp.xml"
        own, theirs = make_pair(tmp_path, "sp"), make_pair(tmp_path, "idp")
        options = options_of(live_server.url, base, own, metadata)
        backend = "accounts.identification.saml.provider.Saml"
        settings.IDENTIFICATION = {"BACKEND": backend, "OPTIONS": options}
        wanted = wanted_of(options, base, theirs) | {"otherwise": otherwise}
        process = subprocess.Popen(
            ["node", "--no-deprecation", "idp.mjs", json.dumps(wanted)],
            cwd=provider_package,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        node.await_ready(process)
        metadata.write_text(requests.get(f"{base}/metadata", timeout=node.SECONDS).text)
        return base

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def browser(live_server):
    """A visitor's browser."""
    with node.Session() as session:
        yield Browser(live_server.url, session)


class Browser:
    """Goes where it is sent, and posts the provider's form as a page of its site does."""

    def __init__(self, base: str, session: requests.Session) -> None:
        self.base, self.session = base, session

    def get(self, address: str) -> requests.Response:
        return self.session.get(urljoin(self.base, address), allow_redirects=False)

    def identify(self, query: str = "") -> str:
        """Press "identify"; return where the answer has led to."""
        page = self.session.get(self.get(f"/fi/account/login/start/{query}").headers["Location"])
        action = re.search(r'action="([^"]*)"', page.text)
        assert action is not None, page.text
        form = re.findall(r'name="(\w+)"\s+value="([^"]*)"', page.text)
        data = {name: unescape(value) for name, value in form}
        with (
            node.Session() as elsewhere
        ):  # as a page of another site, which has none of our cookies
            arrived = elsewhere.post(unescape(action[1]), data=data, allow_redirects=False)
        return self.get(arrived.headers["Location"]).headers["Location"]

    def leave(self) -> str:
        """Press "log out"; return where the page that follows leads to by itself."""
        page = self.get("/fi/account/email/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1]}
        out = self.session.post(f"{self.base}/fi/account/logout/", form, allow_redirects=False)
        onward = re.search(r'content="0; url=([^"]*)"', self.get(out.headers["Location"]).text)
        assert onward is not None
        return unescape(onward[1])


@pytest.mark.parametrize(
    "otherwise",
    [
        {},
        {"signResponse": True},
        {"encryptionAlgorithm": f"{GCM}aes128-gcm"},
        {"signatureNamespacePrefix": "ds", "typedAttributes": False},
    ],
    ids=["plain", "signed around", "AES-128", "other prefixes"],
)
def test_matti_is_identified(provider, browser, otherwise):
    provider(**otherwise)

    assert browser.identify() == HOME
    assert [str(person) for person in Person.objects.all()] == ["Matti Juhani Meikäläinen"]


def test_matti_identifies_again(provider, browser):
    provider()

    assert browser.identify("?anew=1") == HOME


def test_request_that_was_changed_is_not_taken(provider, browser):
    provider()
    address = browser.get("/fi/account/login/start/").headers["Location"]

    refusal = browser.session.get(address.replace("RelayState=", "RelayState=x"))

    assert (refusal.status_code, "Signature check errors" in refusal.text) == (400, True)


@pytest.mark.parametrize(
    "otherwise",
    [
        {"signAssertion": False, "signResponse": True},
        {"signatureAlgorithm": "rsa-sha1"},
        {"digestAlgorithm": "sha1"},
        {"encryptionCert": None},
        {
            "encryptionAlgorithm": "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            "disallowEncryptionWithInsecureAlgorithm": False,
        },
        {"audience": "https://another.example"},
        {"recipient": "https://another.example"},
        {"issuer": "https://another.example"},
        {"authnContextClassRef": "http://ftn.ficora.fi/2017/loa1"},
        {"lifetimeInSeconds": -120},
        {"inResponseTo": "_another"},
    ],
    ids=lambda otherwise: " ".join(otherwise),
)
def test_answer_that_is_not_as_agreed_is_refused(provider, browser, otherwise):
    provider(**otherwise)

    assert browser.identify() == FAILED
    assert not Person.objects.exists()


def test_logging_out_here_ends_the_session_there(provider, browser):
    provider()
    browser.identify()

    back = browser.session.get(browser.leave(), allow_redirects=False)

    assert browser.get(back.headers["Location"]).headers["Location"] == "/fi/account/logged-out/"
    assert SignOn.objects.get().ended_at is not None


def test_logging_out_there_ends_the_session_here(provider, browser):
    base = provider()
    browser.identify()

    ended = requests.get(f"{base}/end", timeout=node.SECONDS)

    assert (ended.status_code, ended.text) == (200, "200")
    assert SignOn.objects.get().ended_at is not None
