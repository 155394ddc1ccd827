"""The page on which a reviewer approves: with a passkey, and where one is wanted and missing."""

import pytest
from allauth.mfa.webauthn.internal.auth import WebAuthn

from certportal.dev.builders import orders
from tests.accessibility import check_in_turn
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
    assert page.locator("[data-passkey=use] button").is_visible()
    check_in_turn(page)
