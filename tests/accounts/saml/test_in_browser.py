"""The way to the provider and back in a real browser, which keeps SameSite cookies to itself.

Our server is at localhost and the provider at 127.0.0.1: two sites.
"""

import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import Person, SignOn
from tests.accessibility import check_both_widths
from tests.accounts.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def posts(watched):
    """The headers of what is posted to us."""
    seen = []

    def look(request):
        if request.url.endswith("/identification/saml/answer"):
            seen.append(request.all_headers())

    watched.on("requestfinished", look)
    return seen


def identify(page, base, language="fi", query="", person="matti"):
    page.goto(f"{base}/{language}/account/login/{query}")
    page.locator("main a[href*='/account/login/start/']").click()
    page.wait_for_url(re.compile(r"http://127\.0\.0\.1.*/sso"))
    page.locator(f"button[value='{person}']").click()


def test_login_and_logout_across_two_sites(watched, trusting, live_server, settings, posts):
    identify(watched, live_server.url, language="sv", query="?next=/sv/account/me/")
    watched.wait_for_url("**/sv/account/email/**")

    assert settings.SESSION_COOKIE_NAME not in posts[0].get("cookie", "")
    assert posts[0]["origin"].startswith("http://127.0.0.1")
    assert str(Person.objects.get()) == "Matti Juhani Meikäläinen"

    watched.locator("form[action$='/logout/'] button").first.click()
    # The page between has the address of the last one, which alone offers to log in again;
    # it speaks the language left in, not that of the browser.
    watched.locator("main .actions a[href$='/sv/account/login/']").wait_for()
    assert len(trusting.knows()["heard"]) >= 1
    assert SignOn.objects.get().ended_at is not None
    watched.goto(f"{live_server.url}/sv/account/me/")
    assert "/account/login/" in watched.url


def test_turning_back_in_the_browser(watched, trusting, live_server):
    identify(watched, live_server.url, person="")
    watched.wait_for_url("**/fi/account/login/cancelled/")
    check_both_widths(watched)


def test_without_scripts(browser, trusting, live_server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    identify(page, live_server.url)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/fi/account/email/**")

    page.locator("form[action$='/logout/'] button").first.click()
    page.wait_for_url("**/fi/account/logged-out/")
    assert Person.objects.count() == 1
    context.close()


def test_identifying_again_keeps_the_session_s_contents(watched, trusting, live_server, settings):
    identify(watched, live_server.url)
    watched.wait_for_url("**/fi/account/email/**")
    name = settings.SESSION_COOKIE_NAME
    key = next(one["value"] for one in watched.context.cookies() if one["name"] == name)
    store = SessionStore(key)
    store["organisation"] = "kept"
    store.save()

    watched.goto(f"{live_server.url}/fi/account/login/start/?anew=1&next=/fi/account/email/")
    watched.locator("button[value='matti']").click()
    watched.wait_for_url("**/fi/account/email/**")

    key = next(one["value"] for one in watched.context.cookies() if one["name"] == name)
    assert SessionStore(key)["organisation"] == "kept"
    assert SESSION_KEY in SessionStore(key)


def test_page_between_the_two_logouts(watched, trusting, live_server):
    identify(watched, live_server.url)
    watched.wait_for_url("**/fi/account/email/**")
    watched.route("http://127.0.0.1:*/slo**", lambda route: route.fulfill(body="Sorry"))
    watched.locator("form[action$='/logout/'] button").first.click()
    watched.wait_for_url(re.compile(r"http://127\.0\.0\.1.*/slo"))
    watched.goto(f"{live_server.url}/fi/account/logged-out/?partly=1")
    check_both_widths(watched)
