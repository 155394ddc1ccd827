"""Every page of this app in the browser, in three languages and two widths, with a name on it."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import Page

from accounts.models import EmailCode, SignOn
from accounts.services.people import email
from certportal.dev.builders.people import make_login, make_person, open_session, verify
from tests.accessibility import check_in_turn
from tests.accounts.register.conftest import COUNTY, ENDED, PHARMACY

pytestmark = pytest.mark.django_db(transaction=True)
SEND = "main form .button >> nth=0"
LANGUAGES = ("fi", "sv", "en")


@pytest.fixture
def at(live_server, settings):
    """Return an address of the account pages on a server that trusts its own test provider."""
    options = {**settings.IDENTIFICATION["OPTIONS"], "issuer": f"{live_server.url}/testidp"}
    settings.IDENTIFICATION = {**settings.IDENTIFICATION, "OPTIONS": options}
    return lambda path, language="fi": f"{live_server.url}/{language}/account/{path}"


@pytest.fixture
def enter(watched: Page, client, live_server):
    """Let a person's login be the page's."""

    def enter(login):
        open_session(client, login)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        name = settings.SESSION_COOKIE_NAME
        watched.context.add_cookies([{"name": name, "value": cookie, "url": live_server.url}])

    return enter


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_without_a_login(watched: Page, at, language):
    for path in ("login/", "login/cancelled/", "login/failed/", "logged-out/"):
        watched.goto(at(path, language))
        check_in_turn(watched)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_the_first_login(watched: Page, at, enter, language):
    login = make_login("Uuno Uusi", language=language)
    enter(login)
    watched.goto(at("email/", language))
    check_in_turn(watched)
    watched.fill("#id_email", "uuno")
    watched.click(SEND)
    watched.wait_for_selector(".field__error")
    check_in_turn(watched)
    watched.fill("#id_email", "uuno@example.fi")
    watched.click(SEND)
    watched.wait_for_url(re.compile("/email/code/"))
    check_in_turn(watched)
    watched.click(SEND)
    watched.wait_for_selector(".field__error")
    check_in_turn(watched)
    watched.fill("#id_code", email.digits(EmailCode.objects.get(ended_at=None)))
    watched.click(SEND)
    watched.wait_for_url(lambda address: "/email/" not in address)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_founding(watched: Page, at, enter, sample, language):
    person = make_person("Aino Ahkera", language=language)
    enter(person.logins.get())
    watched.goto(at("organisation/found/", language))
    check_in_turn(watched)
    watched.click(SEND)
    watched.wait_for_selector(".field__error")
    check_in_turn(watched)
    for code in ("0245437-2", ENDED, COUNTY):
        watched.goto(at(f"organisation/found/{code}/", language))
        check_in_turn(watched)
    watched.click(SEND)
    watched.wait_for_selector(".field__error")
    check_in_turn(watched)
    watched.check("#id_basis_0")
    watched.fill("#id_detail", "Toimitusjohtaja")
    watched.click(SEND)
    watched.wait_for_url(lambda address: "/found/" not in address)
    for path in (f"organisation/found/{COUNTY}/", "organisation/", "me/", "me/recorded/", "email/"):
        watched.goto(at(path, language))
        check_in_turn(watched)


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_of_the_latecomer(watched: Page, at, enter, matti, language):
    enter(make_person("Aino Ahkera").logins.get())
    watched.goto(at(f"organisation/found/{PHARMACY}/", language))
    check_in_turn(watched)


@pytest.mark.parametrize("language", LANGUAGES)
def test_test_providers_page_speaks_the_visitors_language(watched: Page, at, language):
    watched.goto(at("login/", language))
    watched.click("main a[href*='/login/start/']")

    assert watched.locator("html").get_attribute("lang") == language
    check_in_turn(watched)


def test_way_in_and_out_by_pressing_buttons(watched: Page, at):
    watched.goto(at("login/", "sv"))
    watched.click("main a[href*='/login/start/']")
    watched.get_by_role("button", name="Linnea Lindqvist").click()
    watched.wait_for_url(re.compile("/sv/account/email/"))
    assert SignOn.objects.get(person__family_name="Lindqvist").ended_at is None

    watched.click(".userbar form button")

    watched.wait_for_url(re.compile("/sv/account/logged-out/"))
    assert not SignOn.objects.filter(ended_at=None).exists()


def test_turning_back_at_the_provider(watched: Page, at):
    watched.goto(at("login/"))
    watched.click("main a[href*='/login/start/']")
    watched.locator("main button[value='']").click()
    watched.wait_for_url(re.compile("/fi/account/login/cancelled/"))
    assert not SignOn.objects.exists()


def test_address_of_one_who_changes_it_is_filled_in(watched: Page, at, enter):
    person = make_person("Aino Ahkera")
    verify(person, "aino.ahkera@example.fi")
    enter(person.logins.get())
    watched.goto(at("email/"))

    assert watched.input_value("#id_email") == "aino.ahkera@example.fi"
