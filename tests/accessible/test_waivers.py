"""The pages about waivers, in a browser, in three languages and two widths."""

import pytest

from accounts.models import Membership
from applications.rules.waivers import OID_OUTSIDE
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press
from tests.applications.waivers import GROUNDS, day, foreign, in_hand

pytestmark = pytest.mark.django_db(transaction=True)


def test_waived_listed_and_withdrawn(go, matti, riitta, cas):
    check_in_turn(go("console:waivers", who=riitta))
    case = in_hand(matti, riitta)
    matti.memberships.update(basis=Membership.Basis.REVIEWER_DECISION, confirmed_until=day(20))
    check_in_turn(go("console:case", case.pk, who=riitta))
    page = go("console:waive", case.pk, OID_OUTSIDE, who=riitta)
    check_in_turn(page)
    page.locator("[name=reason]").fill("")
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.locator("[name=reason]").fill(GROUNDS)
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    check_in_turn(go("console:approve", case.pk, who=riitta))
    check_in_turn(go("console:waivers", who=riitta))
    check_in_turn(go("console:queue", who=riitta))
    page = go("console:waiver", case.waivers.get().pk, who=riitta)
    check_in_turn(page)
    page.locator("[name=reason]").fill("Sopimus on päättynyt.")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    check_in_turn(go("console:waivers", who=riitta, query="?state=ended"))


def test_where_the_applicant_says_why(go, matti):
    application = foreign(matti)
    check_in_turn(go("applications:part", application.pk, "system", who=matti))


def test_where_the_right_is_confirmed_on_the_word_alone(go, matti, riitta, cas):
    case = in_hand(matti, riitta)
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED)
    check_in_turn(go("console:right", case.pk, who=riitta))
