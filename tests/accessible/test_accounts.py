"""The reviewers' pages on customer accounts, their people, and what is decided about them."""

import pytest

from accounts.access import actor_for
from accounts.models import Membership
from accounts.services.organisations import (
    administrator_requests as recovering,
    found as founding,
    invite as inviting,
)
from accounts.services.rights import documents as showing
from applications import services
from certportal.dev.builders import orders, people
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press
from tests.conftest import PHARMACY

pytestmark = pytest.mark.django_db(transaction=True)


def looked_at_with_its_fault(page):
    """Look at a page that asks for reasons, as it is and without them."""
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)


def test_an_account_with_all_that_a_decision_touches(go, matti, maija, pharmacy, riitta, cas):
    orders.submitted(matti)
    given = {"role": "applicant", "language": "fi", "by": matti, "actor": actor_for(matti)}
    inviting.invite(pharmacy, "uusi@example.fi", **given, now=clock.now())
    check_in_turn(go("console:accounts", who=riitta))
    check_in_turn(go("console:accounts", who=riitta, query="?q=x"))
    own, hers = matti.memberships.get().pk, maija.memberships.get().pk
    looked_at_with_its_fault(go("console:withdraw_right", own, who=riitta))
    looked_at_with_its_fault(go("console:end_membership", own, who=riitta))
    looked_at_with_its_fault(go("console:close_account", pharmacy.pk, who=riitta))
    reasons = {"reasons": "Poistunut.", "person": riitta, "actor": actor_for(riitta)}
    services.end_membership(hers, **reasons, now=clock.now())
    check_in_turn(go("console:account", pharmacy.pk, who=riitta))
    services.close_account(pharmacy.pk, **reasons, now=clock.now())
    check_in_turn(go("console:account", pharmacy.pk, who=riitta))


def test_two_who_claim_an_account(go, sample, riitta, now):
    seppo, pekka = people.make_person("Seppo Sivullinen"), people.make_person("Pekka Proviisori")
    statement = founding.Statement(Membership.Basis.MANDATE, "proviisori")
    account = founding.found(seppo, PHARMACY, statement, actor=actor_for(seppo), now=now)
    founder = seppo.memberships.get().pk
    looked_at_with_its_fault(go("console:confirm_member", founder, who=riitta))
    papers = [showing.Paper(pdf("Valtakirja"), f"{name}.pdf") for name in ("seppo", "pekka")]
    showing.hand_in(seppo, account, papers[0], actor=actor_for(seppo), now=now)
    asked = recovering.ask(
        pekka, account, reason="Omistan.", paper=papers[1], actor=actor_for(pekka), now=now
    )
    check_in_turn(go("console:confirm_member", founder, who=riitta))
    check_in_turn(go("console:account", account.pk, who=riitta))
    looked_at_with_its_fault(go("console:administrator", asked.pk, who=riitta))
