"""The personal identity code, and all else the provider told, leave no trace anywhere."""

import base64
import logging

import pytest
import requests

from accounts.models import Arrival, Identifier
from tests.accounts.saml import idp
from tests.everywhere import whole_database, whole_redis
from tests.tables import rewrite

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = idp.PERSONS["matti"]
CODE = TOLD["urn:oid:1.2.246.21"]
SECRETS = [
    CODE,
    CODE.replace("-", ""),
    base64.b64encode(CODE.encode()).decode().rstrip("="),
    TOLD["urn:oid:0.9.2342.19200300.100.1.3"],
    TOLD["urn:oid:1.2.246.517.2002.2.4"],
    idp.PERSONS["erik"][f"{idp.EIDAS}PersonIdentifier"],
    idp.PERSONS["erik"][f"{idp.EIDAS}DateOfBirth"],
]


def found(text):
    return [secret for secret in SECRETS if secret in text]


@pytest.fixture
def everything_said(said):
    """The log, with even the libraries talking."""
    root, before = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.DEBUG)
    yield said
    root.setLevel(before)


@pytest.mark.parametrize("person", ["matti", "erik"])
def test_login_leaves_no_trace_of_what_was_told(visitor, everything_said, person):
    visitor.log_in(person)
    visitor.log_in(person, bend="wrong audience")
    visitor.log_in(person, bend="two codes")
    visitor.get("/fi/account/me/")

    assert Identifier.objects.count() == 1
    assert "".join(everything_said).count("saml_answer_refused") >= 1
    assert found("".join(everything_said)) == []
    assert found(whole_database()) == []
    assert found(whole_redis()) == []


def test_nothing_is_told_to_the_database_while_the_answer_waits(visitor):
    place, posted = visitor.press(visitor.leave(), "matti")
    requests.post(place, data=posted, allow_redirects=False)

    assert Arrival.objects.get().content["family_name"] == "Meikäläinen"
    assert found(whole_database()) == []


def test_search_would_find_what_it_looks_for(visitor):
    visitor.log_in("matti")
    identifier = Identifier.objects.get()
    rewrite(Identifier.objects.filter(pk=identifier.pk), digest=CODE)

    assert found(whole_database()) == [CODE]
