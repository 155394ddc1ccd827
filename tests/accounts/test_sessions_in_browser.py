"""The warning before a session ends for its length, and the list of one's own sessions."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import SignOn
from accounts.services.people import sessions
from certportal.dev.builders import people
from certportal.foundation import clock
from tests.accessibility import check_both_widths

# The clock is that of the whole browser, so each test has one of its own.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser_context_args]


@pytest.fixture
def at_home(watched: Page, live_server, matti):
    """Matti's own page, in a session that is twenty minutes from its longest."""
    client = people.log_in(Client(), matti)
    people.begin_session(matti.logins.get())
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
    watched.context.add_cookies([cookie])
    SignOn.objects.update(begun_at=clock.now() - sessions.LONGEST + timedelta(minutes=20))
    watched.clock.install()
    watched.goto(f"{live_server.url}/en/account/me/")
    return watched


def test_the_last_warning_leaves_time_to_save_and_leads_to_identify_again(at_home):
    dialog = at_home.locator("dialog")
    at_home.clock.fast_forward("14:00")
    expect(dialog).to_be_hidden()
    at_home.clock.fast_forward("01:30")
    expect(dialog).to_contain_text("Save what you are doing")
    link = dialog.get_by_role("link", name="Identify yourself again")
    assert link.get_attribute("href").endswith("/login/start/?anew=1&next=%2Fen%2Faccount%2Fme%2F")
    check_both_widths(at_home)
    dialog.get_by_role("button", name="Go on and save").click()
    expect(dialog).to_be_hidden()
    at_home.clock.fast_forward("05:00")
    expect(dialog).to_contain_text("You have been logged out")


def test_own_sessions_in_the_browser(at_home):
    check_both_widths(at_home)
    at_home.get_by_role("button", name="End all other sessions").click()
    expect(at_home.locator("[role=status] .notice--success")).to_be_visible()
    assert at_home.get_by_role("button", name="End the session").count() == 0
