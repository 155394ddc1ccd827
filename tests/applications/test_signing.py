"""Sending is an act: declared in words, by an identified person who may act."""

import json
from datetime import timedelta

import pytest
from django.utils import translation

from applications.errors import MayNotAct
from applications.models import Application
from applications.rules import declarations
from applications.rules.declarations import DECLARATIONS
from applications.services.applicant.identified import IdentifyAgain, NotDeclared
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.foundation import clock


@pytest.fixture
def order(matti) -> Application:
    return orders.with_csr(matti)


@pytest.mark.parametrize("minutes", [61, 24 * 60, -5])
def test_an_old_identification_does_not_sign(matti, order, minutes):
    at = clock.now() - timedelta(minutes=minutes)
    with pytest.raises(IdentifyAgain):
        orders.submit(matti, order, identified_at=at)
    order.refresh_from_db()
    assert order.status == Status.DRAFT


def test_one_of_fifty_nine_minutes_does(matti, order):
    orders.submit(matti, order, identified_at=clock.now() - timedelta(minutes=59))
    assert order.status == Status.CHECKING


def test_a_technical_member_or_stranger_does_not_sign(order, teemu, stranger):
    for person in (teemu, stranger):
        with pytest.raises(MayNotAct):
            orders.submit(person, order)


def test_one_whose_membership_ended_does_not_sign(maija, order, now):
    maija.memberships.update(ended_at=now)
    with pytest.raises(MayNotAct):
        orders.submit(maija, order)


SERVER = ["authority", "domains", "truth", "binding"]
SIGNATURE = ["authority", "system", "truth", "binding"]


@pytest.mark.parametrize(
    ("type", "left_out"),
    [("server", one) for one in SERVER] + [("system_signature", one) for one in SIGNATURE],
)
def test_every_declaration_is_wanted(matti, type, left_out):
    order = orders.with_csr(matti, type)
    declared = [one for one in orders.DECLARATIONS if one != left_out]
    with pytest.raises(NotDeclared):
        orders.submit(matti, order, declarations=declared)


@pytest.mark.parametrize(
    ("type", "asked"),
    [
        ("server", SERVER),
        ("test_server", SERVER),
        ("system_signature", SIGNATURE),
        ("test_system_signature", SIGNATURE),
        ("email", ["authority", "truth", "binding"]),
    ],
)
def test_what_is_declared_depends_on_the_order(matti, type, asked):
    assert declarations.asked(orders.begin(matti, type)) == asked


def test_the_words_are_kept_as_they_were_read(matti, order):
    with translation.override("en"):
        orders.submit(matti, order, language="sv")
    content = json.loads(order.submission.content)
    assert content["declarations"] == SERVER
    with translation.override("sv"):
        assert content["declared"] == [str(DECLARATIONS[one]) for one in SERVER]
    assert content["person_name"] == "Matti Meikäläinen"
