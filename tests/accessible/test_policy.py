"""No page trips over the content security policy: the console and Django's own admin included."""

import re

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.services.rights import staff_roles
from certportal.dev.builders import orders, people
from certportal.foundation.actors import system
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


def test_the_stock_admin_holds_to_the_policy(walk, matti, riitta, cas, now):
    sofia = people.make_person("Sofia Suurkäyttäjä")
    staff_roles.make_superuser(sofia.logins.get(), actor=system("test"), now=now)
    orders.delivered(matti, riitta)
    page = walk(sofia, "/fi/settings/")
    seen = {"/fi/settings/"}
    for _depth in range(3):
        found = page.locator("a[href^='/fi/settings/']").all()
        links = {one.get_attribute("href") for one in found} - seen
        rows = {}
        for link in sorted(links):
            if "/logout/" not in link:
                rows.setdefault(re.sub(r"/[^/]*\\d[^/]*/", "/1/", link), link)
        for link in rows.values():
            page = walk(sofia, link)
        seen |= links
    assert len(seen) > 12
    assert not LogEntry.objects.exists()


def test_the_case_with_a_document_in_it_holds_to_the_policy(walk, matti, riitta, cas):
    case = orders.claimed(matti, riitta, "system_signature")
    names = ["case", "approve", "reject", "ask"]
    page = walk(riitta, *(reverse(f"console:{name}", args=[case.pk]) for name in names))
    page.goto(page.url.rsplit("/", 2)[0] + "/")
    page.locator("iframe.paper").scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
