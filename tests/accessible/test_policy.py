"""No page trips over the content security policy, console and staff roles included."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from certportal.dev.builders import orders, people
from tests.gallery.conftest import WHOLE

pytestmark = pytest.mark.django_db(transaction=True)

HEAR = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`${event.effectiveDirective} refused ${event.blockedURI} ${event.sample}`));"""


@pytest.fixture(scope="module")
def browser(browser_type):
    """The whole of Chromium: its viewer of documents has to hold to the policy too."""
    with browser_type.launch(**WHOLE) as browser:
        yield browser


@pytest.fixture
def context(new_context):
    """A context of that browser: the one that other files share belongs to another."""
    return new_context()


@pytest.fixture
def walk(watched, live_server):
    """Return how to open addresses, one after the other, as the person."""
    said = []
    watched.add_init_script(HEAR)
    watched.on("console", lambda message: said.append(message.text))

    def walk(person, *places):
        watched.context.clear_cookies()
        value = people.log_in(Client(), person).cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
        watched.context.add_cookies([cookie])
        for place in places:
            assert watched.goto(live_server.url + place).status == 200, place
            watched.wait_for_load_state("networkidle")
            assert said == [], place
        return watched

    return walk


ADD = "document.body.append(Object.assign(document.createElement"


@pytest.mark.parametrize(
    ("trip", "directive"),
    [
        (f"{ADD}('style'), {{textContent: 'p {{}}'}}))", "style-src"),
        (f"{ADD}('script'), {{textContent: '1'}}))", "script-src"),
        (f"{ADD}('script'), {{src: 'data:,1'}}))", "script-src"),
        ("document.body.setAttribute('style', 'color: red')", "style-src"),
        ("document.body.setAttribute('onclick', '1')", "script-src"),
        ("setTimeout('1')", "script-src"),
    ],
)
def test_what_trips_over_the_policy_is_heard(page, live_server, trip, directive):
    page.add_init_script(HEAR)
    page.goto(live_server.url + "/fi/")
    heard = f"^{directive}[a-z-]* refused (inline|eval|data)"
    with page.expect_console_message(lambda message: re.match(heard, message.text)):
        page.evaluate(f"() => {{ {trip} }}")


def test_the_pages_of_staff_roles_hold_to_the_policy(walk, riitta):
    sofia = people.make_superuser("Sofia Suurkäyttäjä")
    member = reverse("staff:member", args=[riitta.pk])
    walk(sofia, reverse("staff:staff"), reverse("staff:staff") + "?q=riitta", member)


def test_the_case_with_a_document_in_it_holds_to_the_policy(walk, matti, riitta, cas):
    case = orders.claimed(matti, riitta, "system_signature")
    names = ["case", "approve", "reject", "ask"]
    page = walk(riitta, *(reverse(f"console:{name}", args=[case.pk]) for name in names))
    page.goto(page.url.rsplit("/", 2)[0] + "/")
    page.locator("iframe.paper").scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
