"""The page on which a reviewer approves: with a passkey, and where one is wanted and missing."""

from datetime import timedelta

import pytest
from allauth.mfa.webauthn.internal.auth import WebAuthn

from applications import services
from applications.rules.waivers import OID_OUTSIDE
from certportal.dev.builders import documents, orders
from certportal.dev.builders.acts import act, do
from certportal.foundation import clock
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press
from tests.applications.waivers import in_hand
from tests.doubles.passkey import Passkey

pytestmark = pytest.mark.django_db(transaction=True)


def test_approving_without_a_passkey_where_one_is_wanted_and_with_one(
    go, matti, riitta, cas, settings
):
    settings.APPROVERS_PROVE = "all"
    case = orders.claimed(matti, riitta)
    orders.drain()
    orders.give_evidence(riitta, case)
    check_in_turn(go("console:approve", case.pk, who=riitta))
    WebAuthn.add(riitta.logins.get(), "", Passkey().registration(b"\0" * 32))
    page = go("console:approve", case.pk, who=riitta)
    assert page.locator("[data-passkey=use] button[name=then]").is_visible()
    check_in_turn(page)


def test_signing_a_waiver_whose_words_are_typed(go, matti, riitta, cas):
    WebAuthn.add(riitta.logins.get(), "", Passkey().registration(b"\0" * 32))
    case = in_hand(matti, riitta)
    page = go("console:waive", case.pk, OID_OUTSIDE, who=riitta)
    page.locator("[name=reason]").fill("Sopimus nähty.")
    press(page)
    page.locator("[data-passkey=use] button").wait_for()
    check_in_turn(page)


def test_setting_aside_handing_over_taking_over_and_noting(go, matti, riitta, raimo, cas):
    case = orders.claimed(matti, riitta)
    for name in ("set_aside", "hand_over", "note"):
        check_in_turn(go(f"console:{name}", case.pk, who=riitta))
    page = go("console:take_over", case.pk, who=raimo)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)


def test_what_the_applicant_answered_and_notes_where_a_case_is_decided(go, matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, case)
    act(riitta, services.write_note, case, text="Soitin kirjaamoon.")
    orders.hear(riitta, case, clock.day(clock.now()) + timedelta(days=14))
    document = {"data": documents.pdf(), "name": "sopimus.pdf"}
    act(matti, services.attach_to_answer, case.pk, **document)
    do(matti, services.answer_hearing, case, text="Verkkotunnus on meidän.")
    for name in ("case", "approve", "reject", "ask"):
        page = go(f"console:{name}", case.pk, who=riitta)
        assert page.locator("#answer a[href*=attachments]").is_visible()
        check_in_turn(page)


def test_the_numbers_of_the_desk(go, matti, riitta, cas):
    orders.delivered(matti, riitta)
    page = go("console:numbers", who=riitta)
    check_in_turn(page)
    tables, folds = page.locator("main table").all(), page.locator("main .fold > summary").all()
    page.set_viewport_size({"width": 1366, "height": 768})
    assert all(one.is_visible() for one in tables)
    assert not any(one.is_visible() for one in folds)
    page.set_viewport_size({"width": 320, "height": 568})
    assert not any(one.is_visible() for one in tables)
    assert page.evaluate("document.documentElement.scrollHeight") < 9 * 568
    folds[-1].press("Enter")
    assert tables[-1].is_visible()
    page.emulate_media(media="print")
    assert all(one.is_visible() for one in tables)
    page.emulate_media(media="screen")
