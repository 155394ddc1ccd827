"""The applicant's pages in a browser: sound at both widths, filled, empty and in error."""

import pytest
from django.conf import settings

from certportal.dev.builders import orders
from tests.accessibility import check_in_turn
from tests.gallery.conftest import (
    _browser_beside_database as _browser_beside_database,
    browser_type_launch_args as browser_type_launch_args,
    watched as watched,
)

pytestmark = pytest.mark.django_db(transaction=True)
PARTS = [
    "type",
    "unit",
    "purpose",
    "host_names",
    "validity",
    "contact",
    "delivery",
    "technical",
    "csr",
]


@pytest.fixture(params=["fi", "sv", "en"])
def language(request):
    """Each language in turn."""
    return request.param


@pytest.fixture
def go(web, watched, live_server, address, language):
    """Open a page of an order as Matti, in the language."""
    value = web.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
    watched.context.add_cookies([cookie])

    def go(name, *args):
        watched.goto(live_server.url + address(name, *args, language=language))
        return watched

    return go


def press(page):
    """Press the main button of the page's form."""
    page.locator("main form[method=post] .actions button").first.click()


def test_the_pages_of_a_draft_are_sound(go, matti):
    draft = orders.with_csr(matti)
    check_in_turn(go("home"))
    check_in_turn(go("applications:new"))
    for name in ["order", "names", "check", "discard", "again"]:
        check_in_turn(go(f"applications:{name}", draft.pk))
    for part in PARTS:
        check_in_turn(go("applications:part", draft.pk, part))
    check_in_turn(go("applications:csr", draft.pk, draft.csrs.get().pk))


def test_the_length_of_a_name_is_told_while_it_is_typed(go, matti):
    draft = orders.draft(matti, "system_signature")
    page = go("applications:part", draft.pk, "system")
    field, count = page.locator("[name=system_name]"), page.locator("#id_system_name_count")
    field.fill("Järjestelmä")
    assert "11" in count.inner_text()
    assert "64" in count.inner_text()
    assert count.get_attribute("id") in field.get_attribute("aria-describedby").split()
    field.fill("ä" * 70)
    assert "70" in count.inner_text()
    assert "field__error" in count.get_attribute("class")
    page.locator(f"p[aria-live=polite]:has-text('{count.inner_text()}')").wait_for(state="attached")
    check_in_turn(page)
    press(page)
    assert page.locator("[name=system_name]").input_value() == "ä" * 70
    assert page.locator(".error-summary").count() == 1


def test_the_pages_in_error_are_sound(go, matti):
    page = go("home")
    check_in_turn(page)
    page = go("applications:new")
    press(page)
    check_in_turn(page)
    draft = orders.draft(matti)
    page = go("applications:part", draft.pk, "host_names")
    page.locator("[name=host_names]").fill("*.example.fi\npalvelin")
    press(page)
    check_in_turn(page)
    page = go("applications:part", draft.pk, "csr")
    page.locator("[name=how][value=text]").check()
    page.locator("[name=text]").fill("tämä ei ole pyyntö")
    press(page)
    check_in_turn(page)
    check_in_turn(go("applications:check", draft.pk))


def test_the_pages_of_a_sent_order_are_sound(go, matti, riitta, cas):
    case = orders.in_review(matti, "test_server")
    for name in ["order", "sent", "withdraw", "add_information", "give_csr"]:
        check_in_turn(go(f"applications:{name}", case.pk))
    done = orders.delivered(matti, riitta)
    check_in_turn(go("applications:order", done.pk))
    check_in_turn(go("home"))


def test_the_step_of_the_request_shows_one_input_at_a_time(go, matti):
    draft = orders.draft(matti)
    orders.name_contact(matti, draft, orders.CONTACT)
    page = go("applications:part", draft.pk, "csr")
    file, text = page.locator("[name=file]"), page.locator("[name=text]")
    assert (file.is_visible(), text.is_visible()) == (True, False)
    page.locator("[name=how][value=file]").focus()
    page.keyboard.press("ArrowDown")
    assert (file.is_visible(), text.is_visible()) == (False, True)
    page.keyboard.press("Tab")
    assert text.evaluate("field => field === document.activeElement")
    check_in_turn(page)
    press(page)
    page.wait_for_selector("#id_text_error")
    page.wait_for_load_state()  # the script has hidden the other field by then
    assert (file.is_visible(), text.is_visible()) == (False, True)
    page.locator("[name=how][value=technical_contact]").check()
    assert not file.is_visible()
    assert text.is_visible()  # its error stays with it
    check_in_turn(page)


def test_the_first_day_is_asked_for_with_the_answer_it_follows_from(go, matti):
    draft = orders.draft(matti)
    page = go("applications:part", draft.pk, "validity")
    start = page.locator("[name=start]")
    assert not start.is_visible()
    page.locator("[name=begins][value=chosen]").check()
    assert start.is_visible()
    check_in_turn(page)
    start.fill("1.1.2020")
    press(page)
    page.wait_for_selector("#id_start_error")
    assert start.input_value() == "1.1.2020"
    check_in_turn(page)


def test_without_scripts_the_chosen_input_is_there(browser, web, matti, live_server, address):
    draft = orders.draft(matti)
    context = browser.new_context(java_script_enabled=False)
    value = web.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(live_server.url + address("applications:part", draft.pk, "csr"))
    for name, other in (("file", "text"), ("text", "file")):
        page.locator(f"[name=how][value={name}]").check()
        assert page.locator(f"[name={name}]").is_visible()
        assert not page.locator(f"[name={other}]").is_visible()
    context.close()
