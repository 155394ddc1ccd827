"""Every page of the console in the browser, in three languages and two widths."""

from datetime import timedelta

import pytest
from django.utils import translation
from playwright.sync_api import expect

from certportal.dev.builders import orders
from certportal.foundation import clock
from tests.accessibility import check_in_turn

pytestmark = pytest.mark.django_db(transaction=True)
LANGUAGES = ("fi", "sv", "en")


@pytest.fixture(params=LANGUAGES)
def language(request):
    """Each language in turn."""
    with translation.override(request.param):
        yield request.param


@pytest.fixture
def go(enter, desk, language):
    """Open pages as Riitta, in the language."""
    return enter(desk)


def test_the_queue_empty_filled_and_filtered(go, matti, riitta, cas):
    check_in_turn(go("queue"))
    orders.claimed(matti, riitta, "test_server")
    orders.in_review(matti)
    check_in_turn(go("queue"))
    check_in_turn(go("queue", query="?q=9900001-8&environment=test&holder=mine"))
    check_in_turn(go("queue", query="?q=nothing"))


def test_a_case_before_and_after_it_is_taken(go, waiting, desk):
    check_in_turn(go("case", waiting.pk))
    page = go("case", waiting.pk)
    page.click("#decision form .button")
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    orders.drain()
    page = go("case", waiting.pk)
    page.set_viewport_size({"width": 1366, "height": 900})  # a narrow one shows a part at a time
    for details in page.locator("main details > summary").all():
        if details.locator("xpath=..").get_attribute("open") is None:
            details.click()
    check_in_turn(page)


def test_questions_are_written_previewed_and_sent(go, case):
    page = go("ask", case.pk)
    page.click("main summary >> nth=0")
    page.click("button[name=template] >> nth=0")
    expect(page.locator("#id_reason")).not_to_have_value("")
    check_in_turn(page)
    page.fill("#id_reason", "")
    page.click("button[name=preview]")
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.fill("#id_reason", "Korjaa yhteystiedot.")
    page.check("input[name=sections][value=contact]")
    page.click("button[name=preview]")
    page.wait_for_selector("button[name=send]")
    check_in_turn(page)
    page.click("button[name=send]")
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    check_in_turn(go("extend", case.pk))


def test_decisions(go, ready, desk):
    check_in_turn(go("approve", ready.pk))
    desk.confirm(clock.now() - timedelta(hours=1))
    check_in_turn(go("approve", ready.pk))
    desk.confirm()
    page = go("hear", ready.pk)
    check_in_turn(page)
    page.fill("#id_reason", "Ei oikeutta verkkotunnukseen.")
    page.fill("#id_material", "Verkkotunnusrekisterin ote.")
    page.click("button[name=preview]")
    page.wait_for_selector("button[name=send]")
    check_in_turn(page)
    page = go("reject", ready.pk)
    check_in_turn(page)
    page.click("button[name=preview]")
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.fill("#id_reasons", "Ei oikeutta verkkotunnukseen.")
    page.check("[name=unheard][value=unnecessary]")
    page.fill("#id_unheard_because", "Hakija on jo vastannut.")
    page.click("button[name=preview]")
    page.wait_for_selector("button[name=send]")
    check_in_turn(page)
    page.click("button[name=send]")
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    check_in_turn(go("reopen", ready.pk))
    check_in_turn(go("approve", ready.pk))


def test_a_delivered_case_and_a_system_signature(go, matti, riitta, cas):
    check_in_turn(go("case", orders.delivered(matti, riitta, "system_signature").pk))


def test_evidence_without_a_kind_in_the_browser(go, case):
    page = go("case", case.pk)
    page.locator("#hosts details[open] form .button").first.click()
    page.wait_for_selector(".field__error")
    check_in_turn(page)


def test_the_right_to_act_in_the_browser(go, matti, case):
    matti.memberships.update(basis="unverified", basis_note="", confirmed_at=None)
    check_in_turn(go("case", case.pk))
    page = go("right", case.pk)
    check_in_turn(page)
    page.click("main form .button")
    page.wait_for_selector(".field__error")
    check_in_turn(page)


def test_a_case_is_decided_without_javascript(browser, live_server, desk, case, riitta):
    from django.conf import settings

    context = browser.new_context(java_script_enabled=False)
    name = settings.SESSION_COOKIE_NAME
    value = desk.client.cookies[name].value
    context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + desk.url("case", case.pk))
    form = page.locator("#hosts details[open] form")
    form.locator("input[value=registry]").check()
    form.locator("button[name=approve]").click()
    page.click("main form button[name=by_code]")
    case.refresh_from_db()
    assert case.status == "approved"
    context.close()
