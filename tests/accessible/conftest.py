"""A browser in which a person is logged in, beside the test's own database."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from certportal.dev.builders import people
from tests.applications.conftest import stored as stored
from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
)


@pytest.fixture
def watched(page):
    """A page whose console stays free of errors; that it was refused itself is no error."""
    said = []

    def hear(message):
        own = message.text.startswith("Failed to load") and message.location["url"] == page.url
        if message.type == "error" and not own:
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert said == []


@pytest.fixture(params=["fi", "sv", "en"])
def language(request):
    """Each language in turn."""
    with translation.override(request.param):
        yield request.param


@pytest.fixture
def go(watched, live_server, language):
    """Return how to open a page, as somebody or as a visitor."""

    def go(name, *args, who=None, query=""):
        watched.context.clear_cookies()
        if who is not None:
            value = people.log_in(Client(), who).cookies[settings.SESSION_COOKIE_NAME].value
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
            watched.context.add_cookies([cookie])
        watched.goto(live_server.url + reverse(name, args=args) + query)
        return watched

    return go


def press(page):
    """Press the main button of the page's form."""
    page.locator("main form[method=post] .actions button").first.click()
