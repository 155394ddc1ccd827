"""The warning before a session ends for its length, and the list of one's own sessions."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import Invitation, SignOn
from accounts.services.people import sessions
from certportal.dev.builders import people
from certportal.foundation import clock
from tests.accessibility import check_both_widths

# The clock is that of the whole browser, so each test has one of its own.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser_context_args]


@pytest.fixture
def at_home(watched: Page, live_server, matti):
    """Matti's own page, in a session that is twenty minutes from its longest."""
    return opened(watched, live_server, matti)


def opened(page, live_server, matti):
    client = people.log_in(Client(), matti)
    people.begin_session(matti.logins.get())
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
    page.context.add_cookies([cookie])
    SignOn.objects.update(begun_at=clock.now() - sessions.LONGEST + timedelta(minutes=20))
    page.clock.install()
    page.goto(f"{live_server.url}/en/account/me/")
    return page


def test_the_last_warning_leaves_time_to_save_and_leads_to_identify_again(at_home):
    dialog = at_home.locator("dialog")
    at_home.clock.fast_forward("14:00")
    expect(dialog).to_be_hidden()
    at_home.clock.fast_forward("01:30")
    expect(dialog.get_by_text("Save what you are doing")).to_be_visible()
    link = dialog.get_by_role("link", name="Identify yourself again")
    assert link.get_attribute("href").endswith("/login/start/?anew=1&next=%2Fen%2Faccount%2Fme%2F")
    check_both_widths(at_home)
    dialog.get_by_role("button", name="Go on and save").click()
    expect(dialog).to_be_hidden()
    at_home.clock.fast_forward("05:00")
    expect(dialog.get_by_role("heading", name="You have been logged out")).to_be_visible()


def test_own_sessions_in_the_browser(at_home):
    check_both_widths(at_home)
    at_home.get_by_role("button", name="End all other sessions").click()
    expect(at_home.locator("[role=status] .notice--success")).to_be_visible()
    assert at_home.get_by_role("button", name="End the session").count() == 0


def test_going_on_after_a_logout_in_another_tab_says_that_one_is_logged_out(inviting):
    SignOn.objects.update(begun_at=clock.now())
    inviting.reload()
    soon = inviting.get_by_role("heading", name="You will soon be logged out")
    for _ in range(2):
        inviting.clock.fast_forward("56:00")
        expect(soon).to_be_visible()
        with inviting.expect_response(lambda answer: answer.request.method == "HEAD") as answered:
            inviting.get_by_role("button", name="Continue").click()
        expect(soon).to_be_hidden()
        assert answered.value.status == 200
    inviting.clock.fast_forward("56:00")
    SignOn.objects.update(ended_at=clock.now())
    inviting.get_by_role("button", name="Continue").click()
    expect(inviting.get_by_role("heading", name="You have been logged out")).to_be_visible()


@pytest.fixture
def inviting(page: Page, live_server, matti):
    """Matti's page on which he has begun to write an invitation; the browser notes refusals."""
    opened(page, live_server, matti).goto(f"{live_server.url}/en/account/members/invite/")
    page.locator("[name=email]").fill("maija@example.fi")
    page.locator("[name=role][value=applicant]").check()
    return page


def log_in_elsewhere(page, person, url):
    """Log in as in another tab, where the token of forms is changed, and come back to the page."""
    value = people.log_in(Client(), person).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.clear_cookies()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def send(page):
    page.locator("main form[method=post] .actions button").first.click()


def test_what_was_written_is_sent_by_one_press_after_logging_in_in_another_tab(
    inviting, live_server, matti
):
    SignOn.objects.update(ended_at=clock.now())
    inviting.clock.fast_forward("01:01:00")
    dialog = inviting.locator("dialog")
    expect(dialog.get_by_text("it stays on this page")).to_be_visible()
    check_both_widths(inviting)
    log_in_elsewhere(inviting, matti, live_server.url)
    expect(dialog).to_be_hidden()
    send(inviting)
    expect(inviting.locator("[role=status] .notice--success")).to_be_visible()
    assert Invitation.objects.get().email == "maija@example.fi"


def test_what_was_sent_too_late_is_sent_by_one_press_after_logging_in(inviting, live_server, matti):
    SignOn.objects.update(ended_at=clock.now())
    send(inviting)
    status = inviting.locator("[data-logged-in]")
    expect(status).to_contain_text("You are not logged in")
    check_both_widths(inviting)
    log_in_elsewhere(inviting, matti, live_server.url)
    expect(status).to_contain_text("You are logged in again")
    inviting.get_by_role("button", name="Send again").click()
    expect(inviting.locator("[role=status] .notice--success")).to_be_visible()
    assert Invitation.objects.get().email == "maija@example.fi"


def test_another_person_s_login_makes_nothing_of_it_ready_to_be_sent(inviting, live_server, kalle):
    SignOn.objects.update(ended_at=clock.now())
    send(inviting)
    status = inviting.locator("[data-logged-in]")
    expect(status).to_contain_text("You are not logged in")
    with inviting.expect_response(f"{live_server.url}/en/"):
        log_in_elsewhere(inviting, kalle, live_server.url)
    inviting.get_by_role("button", name="Send again").click()
    expect(inviting.locator("h1")).to_contain_text("The page had been open too long")
    assert not Invitation.objects.exists()
