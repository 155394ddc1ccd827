"""Somebody founds an account on their own word: what they may do until a reviewer confirms it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import Invitation, JoinRequest, Membership
from accounts.right_to_act import is_shown
from accounts.services.organisations import (
    administrator_requests as recovering,
    found as founding,
    invite as inviting,
    join as joining,
)
from accounts.services.organisations.membership import NotConfirmed
from accounts.services.rights import confirm as confirming, documents as showing
from certportal.dev.builders import mails, people
from certportal.dev.builders.documents import pdf, upload
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.web import tokens
from tests.conftest import PHARMACY

MEMBERS = "/en/account/members/"
INVITE = "/en/account/members/invite/"
FOUND = f"/en/account/organisation/found/{PHARMACY}/"
ASK = f"{FOUND}administrator/"
PAPER = showing.Paper(pdf("Valtakirja"), "valtakirja.pdf")
ROLE = Membership.Role.APPLICANT


@pytest.fixture
def seppo(sample, now):
    """Seppo, who has nothing to do with the pharmacy whose account he has founded."""
    person = people.make_person("Seppo Sivullinen", now=now)
    statement = founding.Statement(Membership.Basis.MANDATE, "proviisori")
    founding.found(person, PHARMACY, statement, actor=actor_for(person), now=now)
    return person


@pytest.fixture
def account(seppo):
    return seppo.memberships.get().organisation


@pytest.fixture
def pekka(account, now):
    """Pekka, the pharmacist, who comes second and asks to be invited."""
    person = people.make_person("Pekka Proviisori", now=now)
    joining.ask(person, PHARMACY, actor=actor_for(person), now=now)
    return person


def invite(person, account, now, email="uuno@example.fi"):
    return inviting.invite(
        account, email, role=ROLE, language="fi", by=person, actor=actor_for(person), now=now
    )


def confirm(person, reviewer, now):
    right = person.memberships.get(ended_at=None).pk
    return confirming.confirm_right(
        right, note="Nähty.", by=reviewer, actor=actor_for(reviewer), now=now
    )


def told(kind):
    return [one.payload["to"] for one in OutboxItem.objects.filter(payload__kind=kind)]


def test_whoever_is_confirmed_is_told_so_and_those_they_invited(seppo, account, riitta, now):
    maija = people.make_member("Maija Mallikas", account, now=now)
    people.make_member("Teemu Tekninen", account, role="technical", now=now)
    confirm(seppo, riitta, now)
    assert sorted(told("right_confirmed")) == sorted([str(seppo.pk), str(maija.pk)])
    for person, words in [(seppo, "että saat toimia"), (maija, "että sinut kutsunut henkilö")]:
        item = OutboxItem.objects.get(payload__kind="right_confirmed", payload__to=str(person.pk))
        mail = mails.written(item, now=now)
        assert mail.to == person.email
        assert mail.subject.startswith("Asiointioikeus on vahvistettu")
        assert words in mail.text


def test_another_last_day_is_told_to_all_and_better_evidence_for_the_same_to_its_holder(
    seppo, account, riitta, now
):
    maija = people.make_member("Maija Mallikas", account, now=now)
    day = clock.day(now)
    steps = [
        ("Soitin.", day + timedelta(days=30), {seppo, maija}),
        ("Soitin taas.", day + timedelta(days=30), {seppo}),
        ("Soitin taas.", day + timedelta(days=40), {seppo, maija}),
        ("Rekisteriote.", None, {seppo, maija}),
    ]
    for note, until, readers in steps:
        OutboxItem.objects.all().delete()
        confirming.confirm_right(
            seppo.memberships.get().pk,
            note=note,
            until=until,
            by=riitta,
            actor=actor_for(riitta),
            now=now,
        )
        assert sorted(told("right_confirmed")) == sorted(str(one.pk) for one in readers)


def test_who_cannot_order_is_not_told_that_they_can(seppo, account, riitta, now):
    maija = people.make_member("Maija Mallikas", account, now=now)
    seppo.memberships.update(role=Membership.Role.TECHNICAL)
    confirm(seppo, riitta, now)
    assert told("right_confirmed") == [str(maija.pk)]


@pytest.mark.parametrize("weak", [False, True])
def test_made_administrator_by_the_authority_those_they_invited_are_told(
    seppo, account, riitta, now, weak
):
    maija = people.make_member("Maija Mallikas", account, now=now)
    people.make_member("Teemu Tekninen", account, role="technical", now=now)
    seppo.memberships.update(role=ROLE)
    if weak:
        until = clock.day(now) + timedelta(days=30)
        given = {"by": riitta, "actor": actor_for(riitta), "now": now}
        own = seppo.memberships.get().pk
        confirming.confirm_right(own, note="Soitin.", until=until, **given)
        OutboxItem.objects.all().delete()
    asked = recovering.ask(
        seppo, account, reason="Omistan.", paper=PAPER, actor=actor_for(seppo), now=now
    )
    recovering.decide(
        asked.pk, grant=True, reasons="Rekisteri", by=riitta, actor=actor_for(riitta), now=now
    )
    assert told("right_confirmed") == [str(maija.pk)]
    assert told("administrator_decided") == [str(seppo.pk)]


def test_an_end_is_told_as_gone_to_whoever_was_invited_by_an_invited_administrator(
    seppo, account, riitta, now
):
    invited = people.make_member("Maija Mallikas", account, now=now)
    given = {"by": riitta, "actor": actor_for(riitta), "now": now}
    until = clock.day(now) + timedelta(days=30)
    confirming.confirm_right(seppo.memberships.get().pk, note="Soitin.", until=until, **given)
    teemu = people.make_member("Teemu Tilaaja", account, now=now)
    Invitation.objects.create(
        organisation=account,
        email="teemu@example.fi",
        role=ROLE,
        made_by=invited,
        made_at=now,
        token_hash="0" * 64,
        expires_at=now,
        accepted_by=teemu,
        accepted_at=now,
    )
    OutboxItem.objects.all().delete()
    asked = recovering.ask(
        invited, account, reason="Omistan.", paper=PAPER, actor=actor_for(invited), now=now
    )
    recovering.decide(asked.pk, grant=True, reasons="Rekisteri", **given)
    assert told("right_confirmed") == [str(teemu.pk)]


def test_a_founder_nobody_confirmed_learns_of_nobody_who_asks(seppo, pekka):
    assert told("join_request") == []
    page = people.log_in(Client(), seppo).get(MEMBERS)
    assert "Pekka" not in page.text
    assert "pekka@example.fi" not in page.text
    asked = JoinRequest.objects.get()
    place = reverse("accounts:invite_for", args=[asked.pk])
    assert people.log_in(Client(), seppo).get(place).status_code == 404


def test_a_founder_nobody_confirmed_invites_nobody_and_is_told_why(seppo, account, now):
    with pytest.raises(NotConfirmed):
        invite(seppo, account, now)
    browser = people.log_in(Client(), seppo)
    answer = browser.get(INVITE)
    assert answer.status_code == 403
    assert "No reviewer has yet confirmed" in answer.text
    assert "Upload proof of authority" in answer.text
    event = Event.objects.get(action="act.refused", refused=True)
    assert (event.actor, event.object_id) == (f"person:{seppo.pk}", "accounts:invite")
    assert event.data == {"reason": "NotConfirmed"}
    form = {"email": "uuno@example.fi", "role": "applicant", "language": "fi"}
    assert browser.post(INVITE, form).status_code == 403
    assert not Invitation.objects.exists()
    page = browser.get(MEMBERS).text
    assert INVITE not in page
    assert reverse("accounts:right") in page


def test_confirmed_they_invite_and_learn_who_has_asked_meanwhile(
    seppo, pekka, account, riitta, now
):
    confirm(seppo, riitta, now)
    assert told("join_request") == [str(seppo.pk)]
    assert "pekka@example.fi" in people.log_in(Client(), seppo).get(MEMBERS).text
    assert invite(seppo, account, now).pk
    with pytest.raises(confirming.ConfirmedAlready):
        confirm(seppo, riitta, now)
    assert told("join_request") == [str(seppo.pk)]


def test_the_second_comer_is_led_to_the_authority_at_once(seppo, account, now):
    pekka = people.make_person("Pekka Proviisori", now=now)
    browser = people.log_in(Client(), pekka)
    page = browser.get(FOUND).text
    assert ASK in page
    assert "Seppo" not in page
    given = {"reason": "Omistan apteekin.", "document": upload(pdf(), "kaupparekisteri.pdf")}
    assert browser.post(ASK, given).status_code == 302
    assert recovering.AdministratorRequest.objects.get().person == pekka
    assert account.right_documents.get().person == pekka
    # Neither is the founder told who asks.
    assert told("administrator_asked") == []


def test_whoever_asks_to_be_invited_is_told_that_it_waits(seppo, pekka):
    page = people.log_in(Client(), pekka).post(f"{FOUND}join/").text
    assert "passed on as soon as that is done" in page
    assert ASK in page


def test_once_somebody_is_confirmed_the_administrators_are_asked_first(
    seppo, pekka, account, riitta, now
):
    assert recovering.may_ask(pekka, account, now=now)
    confirm(seppo, riitta, now)
    assert not recovering.may_ask(pekka, account, now=now)
    page = people.log_in(Client(), pekka).get(FOUND).text
    assert "If no answer comes within 7 days" in page


def test_granted_the_second_comer_administers_and_the_founder_sees_nothing_more(
    seppo, pekka, account, riitta, now
):
    uuno = people.make_person("Uuno Uusi", now=now)
    joining.ask(uuno, PHARMACY, actor=actor_for(uuno), now=now)
    asked = recovering.ask(
        pekka, account, reason="Omistan.", paper=PAPER, actor=actor_for(pekka), now=now
    )
    recovering.decide(
        asked.pk, grant=True, reasons="Rekisteri", by=riitta, actor=actor_for(riitta), now=now
    )
    assert told("join_request") == [str(pekka.pk)]
    assert told("administrator_decided") == [str(pekka.pk)]
    page = people.log_in(Client(), pekka).get(MEMBERS).text
    assert "Uuno" in page
    assert "Seppo" in page
    page = people.log_in(Client(), seppo).get(MEMBERS).text
    assert "Uuno" not in page
    assert "Pekka" not in page


def test_the_real_administrator_removes_the_stranger(seppo, pekka, account, riitta, now):
    asked = recovering.ask(
        pekka, account, reason="Omistan.", paper=PAPER, actor=actor_for(pekka), now=now
    )
    recovering.decide(
        asked.pk, grant=True, reasons="Rekisteri", by=riitta, actor=actor_for(riitta), now=now
    )
    place = reverse("accounts:remove", args=[seppo.memberships.get().pk])
    assert people.log_in(Client(), pekka).post(place).status_code == 302
    assert not seppo.memberships.filter(ended_at=None).exists()


def test_an_invitation_that_waits_from_before_lets_nobody_in(seppo, account, now):
    invitation = Invitation(
        organisation=account,
        email="uuno@example.fi",
        role=ROLE,
        made_by=seppo,
        made_at=now,
        expires_at=clock.now() + Invitation.LASTS,
    )
    invitation.token_hash = tokens.digest(invitation.token)
    invitation.save()
    uuno = people.make_person("Uuno Uusi", now=now)
    with pytest.raises(inviting.NotWaiting):
        inviting.accept(
            invitation.pk, invitation.token, person=uuno, actor=actor_for(uuno), now=clock.now()
        )
    assert not uuno.memberships.exists()


def test_a_request_is_settled_by_belonging_to_the_account_alone(matti, pharmacy, now):
    """What an administrator invites and cancels does not take the asker's word from them."""
    pekka = people.make_person("Pekka Proviisori", now=now)
    asked = joining.ask(pekka, PHARMACY, actor=actor_for(pekka), now=now)
    invitation = invite(matti, pharmacy, now, pekka.email)
    assert "has not accepted yet" in people.log_in(Client(), matti).get(MEMBERS).text

    inviting.revoke(invitation.pk, by=matti, actor=actor_for(matti), now=now)
    asked.refresh_from_db()
    assert asked.settled_at is None
    place = reverse("accounts:invite_for", args=[asked.pk])
    assert place in people.log_in(Client(), matti).get(MEMBERS).text
    week = now + recovering.TIME_TO_ANSWER
    assert recovering.may_ask(pekka, pharmacy, now=week)

    again = invite(matti, pharmacy, now, pekka.email)
    inviting.accept(again.pk, again.token, person=pekka, actor=actor_for(pekka), now=now)
    asked.refresh_from_db()
    assert asked.settled_at == now


def test_whoever_asks_again_is_told_of_again_a_day_later(matti, pharmacy, now):
    pekka = people.make_person("Pekka Proviisori", now=now)
    hours = (0, 1, 24, 25, 49)
    for later in hours:
        moment = now + timedelta(hours=later)
        joining.ask(pekka, PHARMACY, actor=actor_for(pekka), now=moment)
    assert told("join_request") == [str(matti.pk)] * 3
    asked = JoinRequest.objects.get()
    assert asked.asked_at == now  # the week that the administrators have is counted from here
    assert Event.objects.filter(action="join_request.repeated").count() == 2
    letter = mails.write("join_request", id=str(asked.pk), language="fi", to=str(matti.pk))
    assert "Pekka" in letter.subject


def test_whoever_somebody_unconfirmed_invited_rests_on_nothing_also_beside_others(
    matti, maija, pharmacy, riitta, now
):
    """The chain of invitations counts, not that anybody in the account has been confirmed."""
    membership = maija.memberships.get()
    membership.role = Membership.Role.ADMINISTRATOR
    membership.save()
    invitation = invite(maija, pharmacy, now)
    uuno = people.make_person("Uuno Uusi", now=now)
    inviting.accept(invitation.pk, invitation.token, person=uuno, actor=actor_for(uuno), now=now)
    assert is_shown(uuno.memberships.get())
    membership.basis = Membership.Basis.UNVERIFIED
    membership.save()
    assert not is_shown(uuno.memberships.get())
    assert is_shown(matti.memberships.get())


def test_the_last_confirmed_administrator_stays_whoever_else_is_there(
    seppo, pekka, account, riitta, now
):
    asked = recovering.ask(
        pekka, account, reason="Omistan.", paper=PAPER, actor=actor_for(pekka), now=now
    )
    recovering.decide(
        asked.pk, grant=True, reasons="Rekisteri", by=riitta, actor=actor_for(riitta), now=now
    )
    leave = reverse("accounts:leave")
    assert people.log_in(Client(), pekka).post(leave).status_code == 400
    assert people.log_in(Client(), seppo).post(leave).status_code == 302
