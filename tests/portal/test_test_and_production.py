"""Whatever belongs to a test certificate says so: pages, mails, files, papers, the export."""

import pytest
from django.core import mail
from django.test import Client

from applications.documents import papers
from applications.rules import sections
from certportal.dev.builders import orders, people
from certportal.foundation import clock

BAND = '<div class="testband">'
SENT = ["order", "again", "revoke"]
DRAFT = ["order", "names", "check", "discard", "again"]


@pytest.fixture(params=["test_server", "server"])
def order(request, matti, riitta, cas):
    """A delivered order, once of a test certificate and once of a production one."""
    return orders.delivered(matti, riitta, request.param)


def is_test(order):
    return order.type.startswith("test_")


def test_everything_of_a_delivered_order_tells_which_it_is(order, matti, riitta):
    web = people.log_in(Client(), matti)
    for name in SENT:
        page = web.get(f"/en/orders/{order.pk}/{'' if name == 'order' else name + '/'}").text
        assert (BAND in page) == is_test(order), name
    for place in ("/en/home/", "/en/certificates/"):
        assert ("tag--test" in web.get(place).text) == is_test(order), place
    desk = people.log_in(Client(), riitta)
    case = desk.get(f"/en/console/{order.pk}/").text
    assert (BAND in case) == is_test(order)
    rows = desk.get("/en/console/queue.csv?status=delivered").getvalue().decode("utf-8-sig")
    (line,) = [one for one in rows.splitlines() if order.number in one]
    assert (";test;" in line) == is_test(order)
    assert (";production;" in line) != is_test(order)


def test_its_mails_and_files_tell_which_it_is(order):
    about = [one for one in mail.outbox if order.number in one.subject]
    assert about
    for one in about:
        assert one.subject.startswith("[TESTI] ") == is_test(order), one.subject
        assert ("TEST" in one.body) == is_test(order), one.subject
        for file in one.attachments:
            name = file.get_filename()
            assert name.startswith("TEST-") == is_test(order), name
    assert papers.receipt(order.submission).name.startswith("TEST-") == is_test(order)


@pytest.mark.parametrize("type", ["test_server", "server"])
def test_the_pages_of_a_draft_tell_which_it_is(matti, type):
    draft = orders.draft(matti, type)
    web = people.log_in(Client(), matti)
    for name in DRAFT:
        page = web.get(f"/en/orders/{draft.pk}/{'' if name == 'order' else name + '/'}").text
        assert (BAND in page) == draft.type.startswith("test_"), name
    for part in (section.id for section in sections.asked(draft, on=clock.day(clock.now()))):
        page = web.get(f"/en/orders/{draft.pk}/part/{part}/").text
        assert (BAND in page) == draft.type.startswith("test_"), part
