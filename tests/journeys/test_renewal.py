"""A certificate of six months: from the reminder to the new one in use, and the old one revoked."""

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from playwright.sync_api import expect

from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from issuance.models import Certificate
from tests.journeys import ordering, requests, steps

HOST = "uusittava.example.fi"


@pytest.fixture
def expiring(stack, matti, database, settings: LazySettings):
    """An order of Matti's for six months that is being checked."""
    settings.PORTAL_DATA = stack.data
    pharmacist = steps.administrator(steps.BUSINESS_ID)
    order = orders.draft(pharmacist)
    for part, values in (
        ("host_names", {"host_names": [HOST]}),
        ("validity", {"validity_months": 6, "start": None}),
    ):
        act(pharmacist, services.save_section, order, part, values)
    orders.upload(pharmacist, order, orders.openssl_csr(HOST))
    orders.submit(pharmacist, order)
    return order


def approved(riitta, stack, order: str) -> None:
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))


def is_delivered(order: Application) -> bool:
    order.refresh_from_db()
    return order.status == "delivered"


def test_from_the_reminder_to_the_new_one_in_use(stack, matti, riitta, expiring, tmp_path):
    old = f"{stack.base}/fi/orders/{expiring.pk}/"
    approved(riitta, stack, old)
    steps.await_true(lambda: is_delivered(expiring), "the old one never came")
    last = certificate_of(expiring).not_after
    before = len(steps.mails_to("matti@example.fi", stack.mails))
    services.remind_of_expiry(now=last - timedelta(days=50))

    mail = steps.await_mail("matti@example.fi", stack.mails, later_than=before)
    assert f"{HOST} ({expiring.number})" in mail["Subject"]
    assert any(part.get_content_type() == "text/calendar" for part in mail.walk())
    again = re.search(r"\S+/again/", mail.get_body(("plain",)).get_content())
    matti.goto(again[0])
    ordering.go_on(matti)  # everything but the request is filled in
    new = matti.url.removesuffix("check/").removesuffix("part/csr/")
    matti.goto(f"{new}part/validity/")
    matti.locator("[name=validity_months]").fill("12")
    ordering.go_on(matti)
    matti.goto(f"{new}part/csr/")
    ordering.give_request(matti, requests.openssl(tmp_path, HOST).csr)
    ordering.send(matti, new)
    approved(riitta, stack, new)
    steps.await_true(
        lambda: matti.goto(new) and steps.files_of_certificate(matti).count() > 0,
        "the new one never came",
    )

    revoking = matti.locator(f"main a[href$='{expiring.pk}/revoke/']")
    assert revoking.count() == 0
    matti.locator("main form[action$='/in-use/'] button").click()
    expect(revoking).to_be_visible()
    revoking.click()
    matti.locator("input[name=reason][value=cessation_of_operation]").check()
    matti.locator("input[name=understood]").check()
    ordering.go_on(matti)
    matti.wait_for_url(old)
    expect(matti.locator("main")).to_contain_text("Varmenne on suljettu")
    assert certificate_of(expiring).state == Certificate.State.REVOKED
    matti.goto(new)
    assert revoking.count() == 0
