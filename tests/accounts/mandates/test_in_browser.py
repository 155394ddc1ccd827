"""A managing director founds an account in a browser, orders, and waits for no reviewer."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership
from certportal.dev.builders import orders, people
from tests.accessibility import check_both_widths
from tests.accounts.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)
from tests.accounts.mandates.conftest import CLINICS, HETU, PHARMACY, trust
from tests.doubles.suomifi import Valtuudet, company, serving

pytestmark = pytest.mark.django_db(transaction=True)
BUTTON = "main button[name=visit]"


@pytest.fixture
def valtuudet(settings, live_server):
    """The service on another site than ours: 127.0.0.1, and we are localhost."""
    options = {**settings.IDENTIFICATION["OPTIONS"], "issuer": f"{live_server.url}/testidp"}
    settings.IDENTIFICATION = {**settings.IDENTIFICATION, "OPTIONS": options}
    apteekki = company(PHARMACY, "TJ", name="Helsingin VI apteekki")
    rights = {HETU: [apteekki, company(CLINICS, "J", name="Koivupiha Terveys Oy")]}
    service = Valtuudet(f"{live_server.url}/identification/mandates", rights)
    with serving(service):
        trust(settings, service)
        yield service


def set_out(page, base, matti, settings, language="fi"):
    """Log in, open the page of founding, type something, and press the button."""
    page.context.add_cookies([cookie_of(matti, settings, base)])
    page.goto(f"{base}/{language}/account/organisation/found/{PHARMACY}/")
    page.locator("[name=detail]").fill("Proviisori")
    check_both_widths(page)
    page.locator(BUTTON).click()
    page.wait_for_url("**/mandates/")
    check_both_widths(page)
    page.locator("main .actions a.button").click()
    page.get_by_role("button", name="Matti Meikäläinen", exact=True).click()
    page.wait_for_url(re.compile(r"http://127\.0\.0\.1:\d+/oauth/authorize"))


def cookie_of(person, settings, base):
    value = people.log_in(Client(), person).cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": base}


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_managing_director_founds_and_orders(
    watched, live_server, valtuudet, matti, riitta, cas, settings, language
):
    set_out(watched, live_server.url, matti, settings, language)
    watched.get_by_role("button", name="Helsingin VI apteekki").click()
    watched.wait_for_url(f"**/{language}/account/organisation/found/{PHARMACY}/")
    assert "(TJ)" in watched.locator("main").inner_text()
    check_both_widths(watched)
    watched.locator("main form .actions button").click()
    watched.wait_for_url(f"**/{language}/home/")

    watched.goto(f"{live_server.url}/{language}/account/right/")
    assert "Suomi.fi-valtuudet: TJ" in watched.locator("main").inner_text()
    check_both_widths(watched)
    order = orders.submitted(matti)
    watched.context.clear_cookies()
    watched.context.add_cookies([cookie_of(riitta, settings, live_server.url)])
    with translation.override(language):
        watched.goto(live_server.url + reverse("console:case", args=[order.pk]))
    case = watched.locator("#right")
    assert "Suomi.fi-valtuudet: TJ" in case.inner_text()
    assert case.locator("a[href$='/right/'], .tag--warning").count() == 0


def test_who_turns_back_finds_what_they_typed(watched, live_server, valtuudet, matti, settings):
    set_out(watched, live_server.url, matti, settings)
    watched.get_by_role("button", name="Cancel").click()
    watched.wait_for_url(f"**/fi/account/organisation/found/{PHARMACY}/")

    assert watched.locator("[name=detail]").input_value() == "Proviisori"
    check_both_widths(watched)
    watched.locator("input[name=basis][value=mandate]").check()
    watched.locator("[name=detail]").press("Enter")
    watched.wait_for_url("**/fi/home/")
    assert matti.memberships.get().basis == Membership.Basis.UNVERIFIED
