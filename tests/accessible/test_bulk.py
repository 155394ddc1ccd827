"""The pages by which one orders for many, in a browser, in three languages and two widths."""

import re
from datetime import timedelta

import pytest

from applications.models import BulkOrder
from certportal.dev.builders import bulk, orders, people, requests
from certportal.foundation import clock
from issuance.models import Certificate
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = "1.2.246.10.99000093.10"


@pytest.fixture
def liisa(sample, now):
    """The administrator of the county's account."""
    return people.make_founder("Liisa Lakeus", "9900009-3", now=now)


def file(name, data):
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def test_from_the_type_to_the_drafts(go, liisa):
    page = go("applications:order_many_type", who=liisa)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.locator("input[name=type][value=server]").check()
    press(page)
    page.wait_for_url(re.compile("/many/server/"))
    page.locator("details summary").click()
    check_in_turn(page)
    page.locator("[name=rows]").fill(f"{ROOT}.200;;a_b.example.fi\n1.2.3;;a.example.fi")
    page.locator("button[name=act][value=go]").click()
    page.wait_for_selector("#faulty")
    check_in_turn(page)
    page.locator("[name=rows]").fill(f"{ROOT}.200;;a.example.fi\n{ROOT}.202;;b.example.fi")
    page.locator("button[name=act][value=go]").click()
    page.wait_for_selector("[name=mailbox]")
    check_in_turn(page)
    page.locator("button[name=act][value=create]").click()
    page.wait_for_selector(".field__error")
    check_in_turn(page)


def test_the_orders_their_requests_and_sending(go, liisa):
    hosts = ["a.example.fi", "b.example.fi"]
    together = bulk.begun(liisa, *hosts, unit=f"{ROOT}.200")
    page = go("applications:bulk_order", together.pk, who=liisa)
    check_in_turn(page)
    given = [
        file("a.csr", requests.request(requests.new_key(), "a.example.fi")),
        file("b.csr", requests.request(requests.new_key(), "b.example.fi", "x.example.fi")),
        file("kuva.png", b"x"),
    ]
    page.locator("input[name=requests]").set_input_files(given)
    press(page)
    page.wait_for_selector("#given")
    check_in_turn(page)
    check_in_turn(go("applications:discard_together", together.pk, who=liisa))
    page = go("applications:check_together", together.pk, who=liisa)
    page.locator("main table details summary").first.click()
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    for box in page.locator("main input[type=checkbox]").all():
        box.check()
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    assert BulkOrder.objects.get().sent_at is not None


def test_several_certificates_to_renew(go, matti, riitta, cas, monkeypatch):
    for kind in ("server", "test_server"):
        orders.delivered(matti, riitta, kind)
    end = Certificate.objects.latest("not_after").not_after
    moment = end - timedelta(days=20)
    check_in_turn(go("applications:renew_together", who=matti))
    monkeypatch.setattr(clock, "now", lambda: moment)
    page = go("applications:renew_together", who=matti)
    check_in_turn(page)
    for box in page.locator("main input[type=checkbox]").all():
        box.uncheck()
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
