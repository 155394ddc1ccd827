"""A private key that was pasted into a search or an address is in no link, redirect or log."""

import logging
from urllib.parse import quote, unquote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test import Client

from certportal.dev.builders import people
from tests.isolation.table import TABLE, text_of

KEY = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
LINE = KEY.splitlines()[1][:24]
NAMES = [
    *["q", "status", "type", "state", "stage", "sort", "organisation", "person", "order", "serial"],
    *["kind", "reviewer", "environment", "language", "view", "within", "under", "unit", "from"],
    *["former", "successor", "on", "business_id", "page", "before", "template", "next", "hash"],
    *["after", "until", "since", "part", "code", "error", "unknown", KEY],
]


@pytest.fixture(params=["visitor", "matti", "riitta", "sofia"])
def web(request):
    """The browser of somebody."""
    who = None if request.param == "visitor" else request.getfixturevalue(request.param)
    return people.log_in(Client(), who) if who else Client()


def repeated(web, place, query):
    """Whether the answer has a line of the key, spelled in any way that a browser undoes."""
    answer = web.get(place, query)
    told = unquote_plus(text_of(answer)), unquote_plus(answer.headers.get("Location", ""))
    return any(LINE in text for text in told)


def test_no_page_repeats_a_private_key_of_its_query(web, cas):
    pages = [entry.somewhere for entry in TABLE if not entry.wants and entry.name]
    assert len(pages) > 80
    told = []
    for query in (dict.fromkeys(NAMES, KEY), {"q": KEY, "status": "draft", "person": "Matti"}):
        told += [page for page in pages if repeated(web, page, query)]
    assert told == []


ADDRESSES = [
    *["/en/register", "/register/", "/register", "/revoke-by-key/", "/console", "/en/orders"],
]


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("place", ADDRESSES)
def test_no_redirect_of_django_s_own_repeats_a_private_key(place, secure, settings):
    """To the address with its slash, with its language, and to https."""
    settings.SECURE_SSL_REDIRECT = secure
    answer = Client().get(place, {"q": KEY})
    assert answer.status_code in {301, 302}
    assert LINE not in unquote_plus(answer["Location"])
    kept = Client().get(place, {"q": "apteekki"})
    assert kept["Location"].endswith("?q=apteekki")


@pytest.fixture
def lines(monkeypatch):
    """Return the list of the lines that the log gets."""
    (handler,) = [one for one in logging.getLogger().handlers if one.formatter]
    told = []
    monkeypatch.setattr(handler, "emit", lambda record: told.append(handler.format(record)))
    return told


def test_a_private_key_in_the_path_is_in_no_page_and_no_line_of_the_log(lines):
    """Pasted after the address, as text or percent-encoded, or reached from such a page."""
    bare = "".join(KEY.splitlines()[1:-1])
    for start in ("/", "/en/", "/en/register/", "/en/orders/", "/static/", "/fi/contact/"):
        for key in (quote(KEY), quote(KEY, safe=""), bare, quote(bare, safe=""), f"{quote(KEY)}/"):
            answer = Client().get(f"{start}{key}")
            assert answer.status_code == 404
            told = [text_of(answer), *lines, answer.headers.get("Location", "")]
            assert not any(LINE in unquote_plus(text) for text in told), start
    assert any("Not Found: /en/***" in line for line in lines)
    assert "Sivua ei löytynyt" in text_of(Client().get(f"/fi/{quote(KEY)}"))
    answer = Client().get("/en/nowhere/", headers={"Referer": f"http://testserver/en/{quote(KEY)}"})
    assert LINE not in unquote_plus(text_of(answer))
