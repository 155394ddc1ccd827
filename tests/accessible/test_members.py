"""The pages on the people of an account: list, invitations, roles, leaving, joining."""

import pytest
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import JoinRequest
from accounts.services.organisations import administrator_requests, invite, join
from accounts.services.rights import documents
from certportal.dev.builders import people
from certportal.dev.builders.documents import pdf
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "9900001-8"


@pytest.fixture
def asker(pharmacy, now):
    """Somebody who asks to join the pharmacy's account."""
    person = people.make_person("Pekka Pyytäjä", now=now)
    join.ask(person, CODE, actor=actor_for(person), now=now)
    return person


@pytest.fixture
def invitation(matti, pharmacy, now):
    """An invitation that waits for its answer."""
    who = {"role": "applicant", "language": "fi", "by": matti, "actor": actor_for(matti)}
    return invite.invite(pharmacy, "uusi@example.fi", **who, now=now)


def test_the_people_of_an_account(go, matti, maija, asker):
    check_in_turn(go("accounts:members", who=maija))
    check_in_turn(go("accounts:members", who=matti))
    page = go("accounts:invite", who=matti)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    check_in_turn(go("accounts:invite_for", JoinRequest.objects.get().pk, who=matti))
    other = maija.memberships.get().pk
    check_in_turn(go("accounts:member", other, who=matti))
    check_in_turn(go("accounts:remove", other, who=matti))
    check_in_turn(go("accounts:leave", who=maija))


def test_the_list_with_invitations(go, matti, invitation):
    check_in_turn(go("accounts:members", who=matti))


def test_an_invitation_open_and_over(go, matti, invitation, now):
    check_in_turn(go("accounts:invitation", invitation.token))
    check_in_turn(go("accounts:invitation", invitation.token, who=people.make_person("Uusi")))
    page = go("accounts:invitation", invitation.token, who=people.make_person("Toinen Osoite"))
    check_in_turn(page)
    page.locator("main form button[name=ask]").click()
    page.wait_for_selector("main input[name=code]")
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    invite.revoke(invitation.pk, by=matti, actor=actor_for(matti), now=now)
    check_in_turn(go("accounts:invitation", invitation.token))


def test_the_right_to_act(go, matti, pharmacy, now):
    matti.memberships.update(basis="unverified", basis_note="", confirmed_at=None)
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    documents.hand_in(matti, pharmacy, paper, actor=actor_for(matti), now=now)
    page = go("accounts:right", who=matti)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    check_in_turn(go("home", who=matti))
    check_in_turn(go("accounts:members", who=matti))
    check_in_turn(go("accounts:confirm", CODE, who=people.make_person("Toinen Tulija")))
    check_in_turn(go("accounts:ask_administrator", CODE, who=people.make_person("Kolmas")))


def test_asking_for_a_new_administrator(go, maija, riitta, pharmacy, now):
    page = go("accounts:ask_administrator", CODE, who=maija)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    check_in_turn(go("console:administrators", who=riitta))
    given = {"reason": "Matti on jäänyt eläkkeelle.", "paper": documents.Paper(pdf(), "x.pdf")}
    asked = administrator_requests.ask(maija, pharmacy, **given, actor=actor_for(maija), now=now)
    check_in_turn(go("accounts:ask_administrator", CODE, who=maija))
    check_in_turn(go("accounts:take_back", CODE, who=maija))
    check_in_turn(go("console:administrators", who=riitta))
    page = go("console:administrator", asked.pk, who=riitta)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)


def test_asking_to_join(go, pharmacy):
    page = go("accounts:confirm", CODE, who=people.make_person("Aino Ahkera"))
    page.locator(f"form[action='{reverse('accounts:join', args=[CODE])}'] button").click()
    page.wait_for_url("**/join/")
    check_in_turn(page)
    page.locator("main a[href$='/take-back/']").click()
    check_in_turn(page)
    press(page)
    page.wait_for_url("**/organisation/found/")
