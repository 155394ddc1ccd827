"""Waiving a check by a touch of one's passkey, which signs the reason as it was typed."""

import json
from datetime import datetime, timedelta

import pytest
from fido2.utils import websafe_decode

from accounts import access
from applications.models import Waiver
from applications.rules import waivers
from applications.rules.waivers import OID_OUTSIDE
from applications.services.reviewer.waivers import withdraw_waiver
from certportal.foundation import clock
from tests.applications.console.passkeys import NO_ANSWERS, asked, second_factor_at
from tests.applications.waivers import day, in_hand
from tests.doubles.passkey import Passkey

pytestmark = pytest.mark.usefixtures("_site")


def test_a_waiver_is_signed_after_its_words_are_typed(matti, riitta, cas, desk, key):
    case = in_hand(matti, riitta)
    typed = {"reason": "Sopimus\r\nnähty.", "ends_on": day(90).strftime("%d.%m.%Y")}
    page = desk.press("waive", case, OID_OUTSIDE, **typed)
    assert "Sopimus<br>" in page.text
    assert not Waiver.objects.exists()

    forged = Passkey(name=key.name).answer(websafe_decode(asked(page)["challenge"]))
    refused = desk.press("waive", case, OID_OUTSIDE, credential=json.dumps(forged), **typed)
    assert refused.status_code == 400
    assert "Nothing was decided." in refused.text
    assert "Sopimus<br>" in refused.text

    answer = key.answer(websafe_decode(asked(refused)["challenge"]))
    done = desk.press("waive", case, OID_OUTSIDE, credential=json.dumps(answer), **typed)
    assert done.status_code == 302
    given = Waiver.objects.get()
    assert waivers.signed(given).is_signed
    assert "signed with a passkey" in desk.open("waiver", given.pk).text
    assert clock.now() - datetime.fromisoformat(second_factor_at(desk)) < access.SECOND_FACTOR_LASTS


def test_a_waiver_that_was_withdrawn_is_not_given_again_with_its_answer(
    matti, riitta, cas, desk, key
):
    case = in_hand(matti, riitta)
    typed = {"reason": "Sopimus nähty.", "ends_on": day(90).strftime("%d.%m.%Y")}
    page = desk.press("waive", case, OID_OUTSIDE, **typed)
    said = json.dumps(key.answer(websafe_decode(asked(page)["challenge"])))
    desk.press("waive", case, OID_OUTSIDE, credential=said, **typed)
    by = {"person": desk.person, "actor": access.actor_for(desk.person)}
    withdraw_waiver(Waiver.objects.get().pk, reason="Väärä sopimus.", now=clock.now(), **by)
    desk.confirm(clock.now() - timedelta(hours=1))
    before = second_factor_at(desk)

    again = desk.press("waive", case, OID_OUTSIDE, credential=said, **typed)

    assert again.status_code == 409
    assert Waiver.objects.filter(closed_at=None).count() == 0
    assert second_factor_at(desk) == before


@pytest.mark.parametrize("said", NO_ANSWERS)
def test_a_waiver_s_words_stay_when_the_answer_is_none(matti, riitta, cas, desk, key, said):
    case = in_hand(matti, riitta)
    typed = {"reason": "Sopimus nähty.", "ends_on": day(90).strftime("%d.%m.%Y")}
    page = desk.press("waive", case, OID_OUTSIDE, credential=said, **typed)
    assert page.status_code == 400
    assert "Nothing was decided." in page.text
    assert "Sopimus nähty." in page.text
    assert not Waiver.objects.exists()


def test_a_waiver_is_signed_with_other_words_than_sent_and_is_none(matti, riitta, cas, desk, key):
    case = in_hand(matti, riitta)
    typed = {"reason": "Sopimus nähty.", "ends_on": day(90).strftime("%d.%m.%Y")}
    page = desk.press("waive", case, OID_OUTSIDE, **typed)
    answer = json.dumps(key.answer(websafe_decode(asked(page)["challenge"])))
    other = typed | {"reason": "Kaikki kunnossa."}
    assert desk.press("waive", case, OID_OUTSIDE, credential=answer, **other).status_code == 409
    assert not Waiver.objects.exists()


@pytest.mark.usefixtures("_wanted")
def test_who_has_no_passkey_types_no_waiver_where_one_is_wanted(matti, riitta, cas, desk):
    case = in_hand(matti, riitta)
    page = desk.open("waive", case.pk, OID_OUTSIDE).text
    assert "You need a passkey for this, and you have none." in page
    assert 'name="reason"' not in page
    typed = {"reason": "Sopimus nähty.", "ends_on": day(90).strftime("%d.%m.%Y")}
    desk.press("waive", case, OID_OUTSIDE, **typed)
    assert desk.press("waive", case, OID_OUTSIDE, by_code="", **typed).status_code == 403
    assert not Waiver.objects.exists()
