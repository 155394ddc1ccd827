"""Every page opens for those it is for, in three languages, and for nobody else."""

import pytest
from django.test import Client

from certportal.dev.builders import orders, people

PARTS = [
    "type",
    "unit",
    "purpose",
    "host_names",
    "validity",
    "contact",
    "delivery",
    "technical",
    "csr",
]
LANGUAGES = ["fi", "sv", "en"]


@pytest.fixture
def draft(matti):
    return orders.draft(matti)


def unopened(web, *addresses):
    """Return which of the pages do not open, or have no heading."""
    pages = {one: web.get(one) for one in addresses}
    return [one for one, page in pages.items() if page.status_code != 200 or "<h1" not in page.text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_part_of_a_draft_opens(web, draft, address, language):
    parts = [address("applications:part", draft.pk, part, language=language) for part in PARTS]
    assert unopened(web, *parts) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_the_beginning_of_an_order_and_the_pages_around_a_draft_open(
    web, draft, address, language
):
    beginning = [address(name, language=language) for name in ["home", "applications:new"]]
    names = ["order", "names", "check", "discard", "again"]
    around = [address(f"applications:{name}", draft.pk, language=language) for name in names]
    assert unopened(web, *beginning, *around) == []


def test_the_title_of_each_page_of_an_order_names_its_number_once(web, matti, riitta, cas, address):
    """So that the tabs of two orders can be told apart, as before one is revoked (WCAG 2.4.2)."""
    draft, sent = orders.with_csr(matti), orders.submitted(matti)
    delivered = orders.delivered(matti, riitta)
    pages = [(draft, address("applications:part", draft.pk, part)) for part in PARTS]
    for order, names in (
        (draft, ["order", "names", "check", "discard", "again"]),
        (sent, ["order", "sent", "withdraw", "give_csr"]),
        (delivered, ["order", "certificate", "install", "revoke", "again"]),
    ):
        pages += [(order, address(f"applications:{name}", order.pk)) for name in names]
    for order, page in pages:
        title = web.get(page).text.partition("<title>")[2].partition("</title>")[0]
        assert title.count(order.number) == 1, (page, title)


def test_the_pages_around_a_sent_order_open(web, matti, address):
    sent = orders.submitted(matti)
    names = ["order", "sent", "withdraw", "again", "give_csr"]
    assert unopened(web, *(address(f"applications:{name}", sent.pk) for name in names)) == []


def test_the_pages_around_a_case_in_review_open(web, matti, address):
    case = orders.in_review(matti)
    for name in ["order", "sent", "withdraw", "add_information"]:
        assert web.get(address(f"applications:{name}", case.pk)).status_code == 200


def test_a_stranger_finds_no_page_of_the_order(matti, kalle, address):
    order = orders.with_csr(matti)
    client = people.log_in(Client(), kalle)
    pages = ["order", "names", "check", "sent", "discard", "withdraw", "again", "give_csr"]
    addresses = [address(f"applications:{name}", order.pk) for name in pages]
    addresses += [address("applications:part", order.pk, part) for part in PARTS]
    addresses += [
        address("applications:csr", order.pk, order.csrs.get().pk),
        address("applications:download", order.pk, "der"),
    ]
    for one in addresses:
        assert client.get(one).status_code == 404, one
        assert client.post(one, {"version": 1}).status_code in {404, 405}, one


def test_a_technical_member_orders_nothing(teemu, address):
    client = people.log_in(Client(), teemu)
    assert client.get(address("home")).status_code == 200
    assert client.get(address("applications:new")).status_code == 404


def test_visitors_are_led_to_log_in(matti, address):
    order = orders.draft(matti)
    for one in [address("home"), address("applications:order", order.pk)]:
        answer = Client().get(one)
        assert answer.status_code == 302
        assert "/account/login/" in answer["Location"]
