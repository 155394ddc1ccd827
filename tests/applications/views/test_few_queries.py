"""Pages of the account ask the database so many times at most, however much they show."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.models import Application
from applications.views.account import home as desk
from applications.views.account.filters import PER_PAGE
from applications.views.shared.proposed_names import proposed_names as shown
from certportal.dev.builders import orders, people, proposed_names
from certportal.foundation import clock
from tests.applications.long_lists import certified, copy

HOME, ORDER, CERTIFICATE, LISTS = 11, 8, 7, 12
ALL = ["applications:orders", "certificates", "applications:units"]
FILES = ["applications:orders_csv", "certificates_csv"]


@pytest.fixture
def delivered(matti, riitta, cas):
    """A delivered order, beside one in review and one that waits for its request."""
    orders.in_review(matti)
    orders.waiting_for_contact(matti)
    return orders.delivered(matti, riitta)


def asked(web, path):
    """Return the statements of a page whose session was just written."""
    web.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert web.get(path).status_code == 200
    return [one["sql"][:200] for one in queries]


def more(order, number, pass_days):
    """Give the account so many further certificates like the order's, all to end in 30 days."""
    certificate = certified(order, number)
    left = clock.day(certificate.not_after) - clock.day(clock.now()) - timedelta(days=30)
    pass_days(left.days)


@pytest.mark.parametrize("number", [1, 40])
def test_home_asks_as_often_for_forty_that_end_soon_as_for_one(
    delivered, matti, address, number, pass_days
):
    more(delivered, number, pass_days)
    page = people.log_in(Client(), matti).get(address("home"))
    assert len(page.context["renewals"]) == min(number + 1, desk.MOST)
    found = asked(people.log_in(Client(), matti), address("home"))
    assert len(found) <= HOME, found


@pytest.mark.parametrize("number", [0, 8])
def test_home_asks_as_often_for_nine_to_be_put_to_use_as_for_one(delivered, matti, address, number):
    for one in range(number):
        certified(delivered, one)
    web = people.log_in(Client(), matti)
    assert web.get(address("home")).context["to_install"]
    found = asked(web, address("home"))
    assert len(found) <= HOME, found
    joined = [one for one in found if one.startswith("SELECT part.number")]
    assert len(joined) <= 4, joined  # session, rights, lists, and the rows of these


def test_an_order_and_its_certificate(delivered, matti, address, web):
    waiting = orders.in_review(matti)
    for one in (delivered, waiting):
        found = asked(web, address("applications:order", one.pk))
        assert len(found) <= ORDER, found
    found = asked(web, address("applications:certificate", delivered.pk))
    assert len(found) <= CERTIFICATE, found


@pytest.mark.parametrize("number", [1, 40])
@pytest.mark.parametrize("name", ALL)
def test_the_lists_of_the_account(delivered, matti, address, name, number, pass_days):
    more(delivered, number, pass_days)
    web = people.log_in(Client(), matti)
    found = asked(web, f"{address(name)}?stage=all")
    assert len(found) <= LISTS, found


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_forty_is_asked_for_as_often_as_one_of_two(delivered, address, web, name):
    def statements():
        with CaptureQueriesContext(connection) as queries:
            web.get(f"{address(name)}?stage=all").getvalue()
        return [one["sql"] for one in queries]

    certified(delivered, 2)
    statements()  # the first writes the session
    two = statements()
    certified(delivered, 40)
    assert len(statements()) == len(two)
    assert not any('"der"' in one or '"findings"' in one for one in two)


def test_a_hundred_names_take_no_more_queries_than_one(matti, settings):
    order = proposed_names.left(matti)

    def queries(names):
        proposed_names.propose(order, *names)
        found = Application.objects.get(pk=order.pk)
        with CaptureQueriesContext(connection) as asked:
            assert len(shown(found, now=clock.now())) >= len(names)
        return len(asked)

    settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": ["192.0.2.1"]}
    one = queries(["erecept.example.fi"])
    assert queries([f"a{n}.example{n % 9}.fi" for n in range(100)]) == one


def test_a_technical_contact_turns_the_pages_of_a_long_list(matti, teemu, address):
    copy(orders.waiting_for_contact(matti), 40)
    Application.objects.update(technical_email=teemu.email)
    web = people.log_in(Client(), teemu)
    first = web.get(address("home")).context
    second = web.get(f"{address('home')}?page={first['page'].next}").context
    numbers = [row.order.number for row in [*first["orders"], *second["orders"]]]
    assert (len(first["orders"]), len(set(numbers))) == (PER_PAGE, 41)
