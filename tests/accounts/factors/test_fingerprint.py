"""The check code by which a reviewer's passkey gets into the register of approvers."""

import json

import pytest
from fido2.utils import websafe_decode

from accounts.factors.fingerprint import fingerprint
from tests.accounts.factors.conftest import Visit
from tests.doubles.passkey import Passkey

pytestmark = pytest.mark.django_db


@pytest.fixture
def key():
    """A security key."""
    return Passkey(name=b"the first")


@pytest.fixture
def other():
    """Another one."""
    return Passkey(name=b"the other")


def add(visit, key):
    """Add the key to the visit's factors; return the page that follows."""
    options = json.loads(visit.get("second_factor_set_up").context["passkey_options"])
    made = key.registration(websafe_decode(options["publicKey"]["challenge"]))
    answer = visit.post("second_factor_set_up", credential=json.dumps(made))
    return visit.client.get(answer.url).content.decode()


def test_a_reviewer_is_told_it_when_the_passkey_is_made_and_finds_it_later(enrolled, key):
    code = fingerprint(key.credential)

    assert f"Pääsyavaimesi tarkistuskoodi on {code}." in add(enrolled, key)

    assert enrolled.get("own_factors").content.decode().count(code) == 1


def test_a_row_put_in_its_place_is_seen_by_its_code(enrolled, key, other):
    add(enrolled, other)
    add(enrolled, key)
    theirs, mine = enrolled.login.authenticator_set.filter(type="webauthn").order_by("pk")
    mine.data = theirs.data
    mine.save()

    later = enrolled.get("own_factors").content.decode()

    assert fingerprint(key.credential) not in later
    assert later.count(fingerprint(other.credential)) == 2


def test_a_superuser_approves_nothing_and_is_told_none(sofia, key):
    visit = Visit(sofia)
    visit.set_up()
    told = add(visit, key)
    assert fingerprint(key.credential) not in told + visit.get("own_factors").content.decode()
