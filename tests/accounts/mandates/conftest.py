"""Suomi.fi-valtuudet's double, a founder, and the way there and back without a browser."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from accounts.identification.testidp import persons
from accounts.services.people import recognise
from certportal.dev.builders import people
from tests.accounts.oidc_browser import Lines as Lines, capture_logs as capture_logs
from tests.doubles.suomifi import Valtuudet, company, serving

PHARMACY, CLINICS = "9900001-8", "9900008-5"
HETU = persons.find("matti").code
PAGE = f"/en/account/organisation/found/{PHARMACY}/"
STATED = {"basis": "mandate", "detail": "proviisori"}


@pytest.fixture
def valtuudet(settings):
    """The service, in which Matti is managing director of the pharmacy; we are set up for it."""
    rights = {HETU: [company(PHARMACY, "TJ"), company(CLINICS, "NIMKO")]}
    service = Valtuudet("http://testserver/identification/mandates", rights)
    with serving(service):
        trust(settings, service)
        yield service


def trust(settings, service):
    """Let our side ask this service."""
    backend = "accounts.mandates.suomifi.client.SuomiFi"
    settings.MANDATES = {"BACKEND": backend, "OPTIONS": service.options}


@pytest.fixture
def matti(sample, now):
    """Matti, who has identified and has no account yet."""
    identity = people.identity_of(HETU)
    login = recognise.recognise(identity, language="fi", address="127.0.0.1", now=now)
    people.verify(login.person, "matti@example.fi", now=now)
    return login.person


@pytest.fixture
def founder(client, matti, settings):
    """Matti's browser, which a provider without a network identifies as his."""
    identified_as(settings, "matti")
    return Founder(people.log_in(client, matti))


def identified_as(settings, person):
    backend = "tests.doubles.identification.Memory"
    settings.IDENTIFICATION = {"BACKEND": backend, "OPTIONS": {"person": person}}


class Founder:
    """Goes the way step by step."""

    def __init__(self, client):
        self.client = client

    def set_out(self, **typed):
        """Press the button on the page of founding, and identify; return the last answer."""
        answer = self.client.post(PAGE, {"visit": "1"} | STATED | typed)
        assert answer.url == f"{PAGE}mandates/"
        return self.identify()

    def identify(self):
        """Follow the link to identification and back, to the page that leads on."""
        answer = self.client.get(f"{PAGE}mandates/go/")
        return self.client.get(self.client.get(answer.url).url)

    def onward(self, **typed):
        """Return the address of the service to which the page leads on."""
        return onward_of(self.set_out(**typed).text)

    def visit(self, identifier=PHARMACY):
        """Go there, choose the organisation (none: cancel), come back; return the page shown."""
        return self.come_back(chosen(self.onward(), identifier))

    def come_back(self, address):
        parts = urlsplit(address)
        return self.client.get(f"{parts.path}?{parts.query}", follow=True)

    def found(self, **typed):
        return self.client.post(PAGE, typed)


def onward_of(page):
    """Return where the page leads on by itself."""
    return unescape(re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)[1])


def chosen(address, identifier):
    """Return where the service sends the browser, once its person has chosen."""
    page = requests.get(address, timeout=5)
    assert page.status_code == 200, page.text
    query = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
    asked = {"user": query["user"], "state": query["state"], "identifier": identifier}
    parts = urlsplit(address)
    choice = f"{parts.scheme}://{parts.netloc}/choice"
    answer = requests.get(choice, params=asked, allow_redirects=False, timeout=5)
    return answer.headers["Location"]
