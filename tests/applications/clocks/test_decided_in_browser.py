"""A rejection and a second chance in the browser: reasons, the paper, taken up again."""

import re
import subprocess

import pytest
from playwright.sync_api import expect

from certportal.dev.builders import orders
from certportal.foundation import clock
from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)

pytestmark = pytest.mark.django_db(transaction=True)
REASONS = "Verkkotunnusta hallinnoi toinen organisaatio."
APPEAL = "Oikaisuvaatimus hyväksyttiin: rekisteriote saatiin."


def press(page, path: str, field: str, text: str) -> None:
    """Open the step of the case, write why, and press its button."""
    page.goto(f"{page.url.rstrip('/')}/{path}/")
    page.locator(f"[name={field}]").fill(text)
    page.locator("main form[method=post] .actions button").first.click()
    page.wait_for_url(re.compile(r"/console/[0-9a-f-]{36}/$"))


def test_rejected_with_reasons_on_paper_and_taken_up_again(matti, riitta, cas, open_as, post):
    order = orders.claimed(matti, riitta)
    page = open_as(riitta, f"/fi/console/{order.pk}/")
    page.goto(f"{page.url.rstrip('/')}/reject/")
    page.locator("[name=reasons]").fill(REASONS)
    page.locator("[name=unheard][value=unnecessary]").check()
    page.locator("[name=unheard_because]").fill("Hakija on jo vastannut.")
    page.locator("[name=preview]").click()
    expect(page.locator(".letter")).to_contain_text(REASONS)
    page.locator("[name=send]").click()
    page.wait_for_url(re.compile(r"/console/[0-9a-f-]{36}/$"))

    (message,) = post(clock.now())
    assert order.number in message.subject and REASONS in message.body
    (attached,) = message.attachments
    assert attached.get_filename() == f"{order.number}_decision.pdf"
    page = open_as(matti, f"/fi/orders/{order.pk}/")
    expect(page.locator("main")).to_contain_text(REASONS)
    address = page.locator("main a[href$='/decision/']").get_attribute("href")
    paper = page.request.get(page.url.split("/fi/")[0] + address).body()
    assert paper == attached.get_content()
    command = ["pdftotext", "-", "-"]
    text = subprocess.run(command, input=paper, capture_output=True, check=True).stdout.decode()
    assert REASONS in " ".join(text.split())
    assert "kirjaamo@dvv.fi" in text

    page = open_as(riitta, f"/fi/console/{order.pk}/")
    press(page, "reopen", "reasons", APPEAL)
    (message,) = post(clock.now())
    assert APPEAL in message.body
    page = open_as(riitta, f"/fi/console/{order.pk}/")
    expect(page.locator("#decision")).to_be_visible()
    page = open_as(matti, f"/fi/orders/{order.pk}/")
    expect(page.locator("main")).to_contain_text("Käsittelijä on ottanut tilauksen käsittelyyn")
