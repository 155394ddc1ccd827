"""The pages of the second factor in a browser, and a passkey of a virtual authenticator."""

from urllib.parse import parse_qs

import pytest
from django.conf import settings as conf
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from accounts.services.people import second_factor
from tests.accessibility import check_in_turn
from tests.accounts.factors.conftest import CONSOLE, Visit
from tests.security_keys import SecurityKey

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def go(watched, live_server):
    """Return how to open an account page, in a language, with the visit's session."""

    def go(visit, name, *, language="fi", query=""):
        value = visit.client.cookies[conf.SESSION_COOKIE_NAME].value
        cookie = {"name": conf.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
        watched.context.add_cookies([cookie])
        with translation.override(language):
            watched.goto(live_server.url + reverse(f"accounts:{name}") + query)
        return watched

    return go


@pytest.fixture
def security_key(watched):
    """A security key in the browser; returns how to take it out."""
    return SecurityKey().plug_in(watched)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_setting_an_app_up_and_using_it(go, visit, language):
    page = go(visit, "second_factor_set_up", language=language)
    check_in_turn(page)
    visit.secret = page.locator("#secret").inner_text().replace(" ", "")
    page.fill("input[name=code]", "12")
    page.locator("form:has(input[name=code]) button").click()
    page.wait_for_selector("[data-error-summary]")
    check_in_turn(page)
    page.fill("input[name=code]", visit.code())
    page.locator("form:has(input[name=code]) button").click()
    page.wait_for_url("**/recovery-codes/")
    check_in_turn(page)
    assert page.locator(".recovery li").count() == 10
    page.locator("main .actions a.button").click()
    page.wait_for_url("**/console/")
    check_in_turn(go(visit.again(), "second_factor", language=language))


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_own_factors(go, enrolled, security_key, language):
    page = go(enrolled, "second_factor_set_up", language=language)
    check_in_turn(page)
    page.locator("[data-passkey] button").click()
    page.wait_for_url("**/own/")  # with a new session: the visit's has ended
    check_in_turn(page)


def test_a_passkey_opens_the_console_and_later_confirms(go, visit, security_key, live_server):
    page = go(visit, "second_factor_set_up", query=f"?next={CONSOLE}")
    page.locator("[data-passkey] button").click()
    page.wait_for_url("**/recovery-codes/**")
    assert [one.type for one in second_factor.factors(visit.login)] == ["webauthn"]

    page = go(visit.again(), "second_factor", query="?next=/fi/console/register/")
    page.locator("[data-passkey] button").click()

    page.wait_for_url("**/fi/console/register/")


def test_without_the_key_nothing_happens_and_one_can_try_again(go, visit, security_key, watched):
    go(visit, "second_factor_set_up").locator("[data-passkey] button").click()
    watched.wait_for_url("**/recovery-codes/**")
    security_key()
    page = go(visit.again(), "second_factor")
    SecurityKey().plug_in(page)

    page.locator("[data-passkey] button").click()

    page.wait_for_function("document.querySelector('[data-passkey] [role=status]').textContent")
    assert page.locator("[data-passkey] button").get_attribute("aria-disabled") is None
    assert "/second-factor/" in page.url


def test_another_persons_key_is_refused(go, visit, security_key, raimo, watched):
    go(visit, "second_factor_set_up").locator("[data-passkey] button").click()
    watched.wait_for_url("**/recovery-codes/**")
    second_factor.Authenticator.objects.update(user=User.objects.get(person=raimo))
    other = Visit(raimo)
    go(other, "second_factor").locator("[data-passkey] button").click()
    watched.wait_for_url("**/console/")
    assert Visit(visit.person).get("second_factor").url.startswith("/fi/account/second-factor/set")


def test_the_answer_to_another_challenge_is_refused(go, visit, security_key, watched):
    go(visit, "second_factor_set_up").locator("[data-passkey] button").click()
    watched.wait_for_url("**/recovery-codes/**")
    sent = []
    watched.on("request", lambda one: sent.append(one.post_data) if one.method == "POST" else None)
    go(visit.again(), "second_factor").locator("[data-passkey] button").click()
    watched.wait_for_url("**/console/")

    credential = parse_qs(sent[-1])["credential"][0]
    late = visit.again()
    late.get("second_factor")
    answer = late.post("second_factor", credential=credential)
    assert answer.context["form"].errors
