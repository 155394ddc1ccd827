"""Pages of the account ask the database so many times at most, however much they show."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.views.account import home as desk
from applications.views.shared.proposed_names import proposed_names as shown
from certportal.dev.builders import orders, people, proposed_names
from certportal.foundation import clock

HOME, ORDER, CERTIFICATE, LISTS = 10, 8, 7, 12


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
    certificate, host = certificate_of(order), order.host_names.all()[0]
    attempt = certificate.prepared
    for each in range(number):
        order.pk, order.number = None, f"SV-2026-9{each:05}"
        order.save(force_insert=True)
        host.pk, host.application, host.name = None, order, f"palvelin{each}.apteekki.example"
        host.save(force_insert=True)
        attempt.pk, attempt.reference, attempt.serial = None, order.pk, f"{each:040X}"
        attempt.save(force_insert=True)
        certificate.pk, certificate.prepared, certificate.reference = None, attempt, order.pk
        certificate.sha256, certificate.serial = f"{each:064x}", f"{each:040X}"
        certificate.save(force_insert=True)
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


def test_an_order_and_its_certificate(delivered, matti, address, web):
    waiting = orders.in_review(matti)
    for one in (delivered, waiting):
        found = asked(web, address("applications:order", one.pk))
        assert len(found) <= ORDER, found
    found = asked(web, address("applications:certificate", delivered.pk))
    assert len(found) <= CERTIFICATE, found


@pytest.mark.parametrize("name", ["applications:orders", "certificates", "applications:units"])
def test_the_lists_of_the_account(delivered, address, web, name):
    found = asked(web, address(name))
    assert len(found) <= LISTS, found


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
