"""A private key that was pasted into a search or an address is in no link and no redirect."""

from urllib.parse import unquote_plus

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
