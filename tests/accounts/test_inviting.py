"""Invitations: mailed, single use, bound to who accepts, cancelled, sent again, expired."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import Invitation, Membership
from accounts.services.organisations import (
    invite as invite_organisations,
    join,
    membership,
    oversight,
)
from accounts.services.people import email as addresses, erase
from certportal.dev.builders import mails, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.web import tokens

ROLE = Membership.Role.APPLICANT


def invite(matti, pharmacy, now, email="uuno@example.fi", role=ROLE, language="fi"):
    return invite_organisations.invite(
        pharmacy, email, role=role, language=language, by=matti, actor=actor_for(matti), now=now
    )


def link(invitation):
    return reverse("accounts:invitation", args=[invitation.token])


@pytest.fixture
def invitation(matti, pharmacy, now):
    return invite(matti, pharmacy, now)


@pytest.fixture
def uuno(now):
    return people.make_person("Uuno Uusi", now=now)


@pytest.fixture
def web(uuno):
    return people.log_in(Client(), uuno)


def test_the_link_comes_by_mail_and_stands_nowhere_in_the_database(invitation, now):
    mail = mails.write("invitation", id=str(invitation.pk), language="fi", now=now)
    assert mail is not None
    assert mail.to == "uuno@example.fi"
    assert invitation.token in mail.text
    assert "Helsingin VI apteekki" in mail.subject
    assert invitation.token_hash == tokens.digest(invitation.token)
    assert invitation.token not in str(list(OutboxItem.objects.values()))
    assert invitation.token not in str(list(Event.objects.values()))


def test_the_token_has_256_bits_and_no_two_are_alike(matti, pharmacy, now):
    made = {invite(matti, pharmacy, now, f"u{n}@example.fi").token for n in range(20)}
    assert len(made) == 20
    assert all(re.fullmatch(r"[\w-]{43}", token) for token in made)


def test_a_scanner_that_opens_the_link_uses_nothing_up(invitation, web, uuno):
    for _time in range(5):
        assert Client().get(link(invitation)).status_code == 200
        assert Client().head(link(invitation)).status_code == 200
        assert web.get(link(invitation)).status_code == 200
    assert Client().post(link(invitation)).status_code == 200  # not identified: nothing happens
    assert not uuno.memberships.exists()
    assert web.post(link(invitation)).status_code == 302
    assert uuno.memberships.get().role == ROLE


def test_accepting_binds_it_to_the_person_and_uses_it_up(invitation, web, uuno, pharmacy, kalle):
    web.post(link(invitation))
    membership = uuno.memberships.get()
    assert membership.organisation == pharmacy
    assert membership.basis == Membership.Basis.INVITATION
    other = people.log_in(Client(), kalle)
    assert other.get(link(invitation)).status_code == 410
    assert other.post(link(invitation)).status_code == 410
    assert not kalle.memberships.filter(organisation=pharmacy).exists()
    invitation.refresh_from_db()
    assert invitation.accepted_by == uuno


def test_who_invites_is_told_to_the_invited_mailbox_only(invitation, web, matti, now):
    mail = mails.write("invitation", id=str(invitation.pk), language="fi", now=now)
    assert str(matti) in mail.text
    assert str(matti) in web.get(link(invitation)).text


def test_a_removed_person_does_not_come_back_by_the_old_link(invitation, web, uuno, now):
    web.post(link(invitation))
    uuno.memberships.update(ended_at=now)
    assert web.post(link(invitation)).status_code == 410
    assert not uuno.memberships.filter(ended_at=None).exists()


def test_the_administrators_are_told_who_came(invitation, web, uuno, matti, now):
    web.post(link(invitation))
    item = OutboxItem.objects.get(payload__kind="joined")
    mail = mails.written(item, now=now)
    assert mail is not None
    assert mail.to == matti.email
    assert "Uuno Uusi" in mail.text
    assert "uuno@example.fi" in mail.text


def test_an_administrator_who_is_not_confirmed_hears_of_nobody_who_came(
    matti, pharmacy, uuno, web, now
):
    """Pekka administers by a confirmation of his own; Matti's is withdrawn, and his role stays."""
    riitta = people.make_reviewer("Riitta Ratkaisija", now=now)
    pekka = people.make_member("Pekka Proviisori", pharmacy, role="administrator", now=now)
    shown = Membership.Basis.REVIEWER_DECISION
    pekka.memberships.update(basis=shown, confirmed_by=riitta, confirmed_at=now)
    right = matti.memberships.get().pk
    act(riitta, oversight.withdraw_right, right, reasons="Ei edusta apteekkia.")
    web.post(link(invite(pekka, pharmacy, now)))
    act(uuno, membership.leave, uuno.memberships.get().pk)
    for kind in ("joined", "member_left"):
        told = OutboxItem.objects.filter(payload__kind=kind)
        assert [one.payload["to"] for one in told] == [str(pekka.pk)]


def test_a_cancelled_invitation_is_dead(invitation, web, uuno, matti, now):
    invite_organisations.revoke(invitation.pk, by=matti, actor=actor_for(matti), now=now)
    assert web.post(link(invitation)).status_code == 410
    assert not uuno.memberships.exists()
    with pytest.raises(invite_organisations.NotWaiting):
        invite_organisations.resend(
            invitation.pk, version=1, by=matti, actor=actor_for(matti), now=now
        )
    assert mails.write("invitation", id=str(invitation.pk), language="fi", now=now) is None


def test_sending_again_makes_a_new_link_and_kills_the_old(invitation, web, uuno, matti, now):
    old = link(invitation)
    given = {"version": 1, "by": matti, "actor": actor_for(matti), "now": now + timedelta(days=20)}
    again = invite_organisations.resend(invitation.pk, **given)
    invite_organisations.resend(invitation.pk, **given)  # pressed twice
    assert mailed() == 2
    again.refresh_from_db()
    assert again.state(now + timedelta(days=20)) == Invitation.State.WAITING
    assert web.post(old).status_code == 404
    assert web.post(link(again)).status_code == 302
    assert uuno.memberships.exists()


def test_it_expires_after_fourteen_days(matti, pharmacy, web, now):
    old = invite(matti, pharmacy, now - timedelta(days=14))
    assert web.get(link(old)).status_code == 410
    young = invite(matti, pharmacy, now - timedelta(days=13), "toinen@example.fi")
    assert web.get(link(young)).status_code == 200


def test_a_second_invitation_to_the_same_address_replaces_the_first(
    invitation, matti, pharmacy, now
):
    invite(matti, pharmacy, now, "UUNO@example.fi")
    invitation.refresh_from_db()
    assert invitation.state(now) == Invitation.State.REVOKED
    assert Event.objects.get(action="invitation.revoked").object_id == str(invitation.pk)


def mailed():
    return OutboxItem.objects.filter(payload__kind="invitation").count()


@pytest.mark.django_db(transaction=True)
def test_the_same_invitation_sent_many_times_at_once_is_one_with_one_mail(matti):
    form = {"email": "uuno@example.fi", "role": ROLE, "language": "fi"}
    browsers = [people.log_in(Client(), matti) for _ in range(8)]
    codes = []

    def send(browser):
        try:
            codes.append(browser.post(reverse("accounts:invite"), form).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=[one]) for one in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [302] * 8
    assert (Invitation.objects.count(), mailed()) == (1, 1)
    assert Event.objects.filter(action="invitation.made").count() == 1


def test_who_invites_again_at_once_reads_that_no_second_mail_went(matti):
    form = {"email": "uuno@example.fi", "role": ROLE, "language": "fi"}
    browser = people.log_in(Client(), matti)
    first, again = (browser.post(reverse("accounts:invite"), form, follow=True) for _ in range(2))
    assert "Kutsu lähetettiin." in first.text
    assert "Kutsu lähetettiin." not in again.text
    assert "Sama kutsu lähetettiin hetki sitten" in again.text
    assert mailed() == 1


def test_another_role_or_a_later_one_is_an_invitation_of_its_own(invitation, matti, pharmacy, now):
    invite(matti, pharmacy, now, role=Membership.Role.TECHNICAL)
    later = now + invite_organisations.REPEATED_WITHIN + timedelta(seconds=1)
    invite(matti, pharmacy, later, role=ROLE)
    assert (Invitation.objects.count(), mailed()) == (3, 3)
    assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_a_cancelled_invitation_can_be_made_again_at_once(invitation, matti, pharmacy, now):
    invite_organisations.revoke(invitation.pk, by=matti, actor=actor_for(matti), now=now)
    assert invite(matti, pharmacy, now) != invitation


def test_a_member_cannot_use_up_an_invitation_meant_for_another(invitation, maija):
    answer = people.log_in(Client(), maija).post(link(invitation))
    assert answer.status_code == 400
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_whoever_is_not_identified_is_led_there_and_back(invitation, now):
    page = Client().get(link(invitation))
    assert f"next={link(invitation).replace('/', '%2F')}" in page.text
    assert "Helsingin VI apteekki" in page.text
    assert "uuno@example.fi" not in page.text
    assert str(invitation.made_by) not in page.text
    nameless = people.make_login("Ville Vasta", now=now)
    client = people.log_in(Client(), nameless.person)
    assert client.post(link(invitation)).status_code == 200
    assert not nameless.person.memberships.exists()


@pytest.mark.usefixtures("still")
def test_guessing_is_limited_and_on_record(invitation, web):
    codes = [web.get(reverse("accounts:invitation", args=["x" * 43])).status_code for _ in "x" * 40]
    assert codes[0] == 404
    assert codes[-1] == 429
    assert Event.objects.filter(action="access.refused", object_type="invitation").exists()
    assert web.get(link(invitation)).status_code == 200  # the right link still works


def test_an_account_cannot_be_used_to_send_mail_without_end(matti, pharmacy, now):
    for number in range(invite_organisations.MOST_A_DAY):
        invite(matti, pharmacy, now, f"u{number}@example.fi")
    with pytest.raises(TooMany):
        invite(matti, pharmacy, now)


def test_a_link_that_was_passed_on_lets_nobody_in(invitation, kalle, pharmacy, now):
    """Kalle has the link; Uuno's mailbox he does not read."""
    browser = people.log_in(Client(), kalle)
    page = browser.get(link(invitation)).text
    assert "Send the code" in page or "Lähetä koodi" in page
    assert "uuno@example.fi" not in page
    assert str(invitation.made_by) not in page
    for given in ({}, {"code": "12345678"}):
        assert browser.post(link(invitation), given).status_code == 200
    actor = actor_for(kalle)
    with pytest.raises(invite_organisations.OtherAddress):
        invite_organisations.accept(
            invitation.pk, invitation.token, person=kalle, actor=actor, now=now
        )
    assert not kalle.memberships.filter(organisation=pharmacy).exists()


def mailed_code(now):
    """Return the mail with the code and the code in it, its groups put together."""
    item = OutboxItem.objects.filter(payload__kind="invitation_code").latest("pk")
    mail = mails.written(item, now=now)
    assert mail is not None
    return mail, re.search(r"\b[0-9]{4} [0-9]{4}\b", mail.text)[0].replace(" ", "")


def test_whoever_reads_the_invited_address_too_accepts_with_a_code(invitation, kalle, pharmacy):
    browser = people.log_in(Client(), kalle)
    assert browser.post(link(invitation), {"ask": "1"}).status_code == 302
    mail, code = mailed_code(clock.now())
    assert mail.to == "uuno@example.fi"
    assert str(kalle) in mail.text
    assert browser.post(link(invitation), {"code": "00000000"}).status_code == 200
    assert browser.post(link(invitation), {"code": f"{code[:4]} {code[4:]}"}).status_code == 302
    assert kalle.memberships.get(organisation=pharmacy).role == ROLE
    kalle.refresh_from_db()
    assert kalle.email == "kalle@example.fi"  # the code proves the address to the invitation only


def test_the_code_is_the_asker_s_and_the_invitation_s_own(invitation, kalle, maija, matti, now):
    """Five wrong tries end it; another person's or another invitation's code does not count."""
    moment = clock.now()
    addresses.ask_code_for(invitation, kalle, actor=actor_for(kalle), now=moment)
    _mail, code = mailed_code(moment)
    other = people.make_person("Ville Vieras", now=now)
    second = invite(matti, invitation.organisation, now, "toinen@example.fi")
    given = {"actor": actor_for(kalle), "now": moment}
    for one, person in ((invitation, other), (second, kalle)):
        with pytest.raises(addresses.WrongCode):
            invite_organisations.accept(one.pk, one.token, person=person, code=code, **given)
    with pytest.raises(addresses.WrongCode):
        addresses.confirm(kalle, code, **given)
    for _time in range(addresses.MOST_TRIES):
        with pytest.raises(addresses.WrongCode):
            invite_organisations.accept(
                invitation.pk, invitation.token, person=kalle, code="00000000", **given
            )
    with pytest.raises(addresses.WrongCode):
        invite_organisations.accept(
            invitation.pk, invitation.token, person=kalle, code=code, **given
        )


def test_a_cancelled_invitation_is_not_opened_by_its_code(invitation, kalle, matti, now):
    moment = clock.now()
    addresses.ask_code_for(invitation, kalle, actor=actor_for(kalle), now=moment)
    _mail, code = mailed_code(moment)
    invite_organisations.revoke(invitation.pk, by=matti, actor=actor_for(matti), now=now)
    with pytest.raises(invite_organisations.NotWaiting):
        invite_organisations.accept(
            invitation.pk,
            invitation.token,
            person=kalle,
            code=code,
            actor=actor_for(kalle),
            now=moment,
        )
    assert not kalle.memberships.filter(organisation=invitation.organisation).exists()


@pytest.mark.parametrize(
    ("own", "invited"),
    [
        ("uuno@example.fi", "Uuno@Example.FI"),
        ("uuno@example.fi", '"uuno"@example.fi'),
        ("uuno@äkkö.fi", "uuno@xn--kk-uia8e.fi"),
    ],
)
def test_the_address_may_be_spelled_otherwise(matti, pharmacy, web, uuno, now, own, invited):
    people.verify(uuno, own, now=now)
    earlier = invite(matti, pharmacy, now, own, role=Membership.Role.TECHNICAL)
    invitation = invite(matti, pharmacy, now, invited)
    earlier.refresh_from_db()
    assert earlier.revoked_at == now
    join.ask(uuno, "9900001-8", actor=actor_for(uuno), now=now)
    ((_asked, is_answered),) = join.waiting(pharmacy, [invitation], now=now)
    assert is_answered
    assert web.post(link(invitation)).status_code == 302
    assert uuno.memberships.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_it_only_once(invitation, uuno, kalle, now):
    people.verify(kalle, uuno.email, now=now)  # both read the address
    done, token = [], invitation.token

    def accept(person):
        try:
            invite_organisations.accept(
                invitation.pk, token, person=person, actor=actor_for(person), now=now
            )
            done.append(person)
        except invite_organisations.NotWaiting:
            done.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=accept, args=[one]) for one in (uuno, kalle)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one is None for one in done) == [False, True]


def test_what_led_to_nothing_is_forgotten_in_time(matti, pharmacy, now, web, invitation):
    old = invite(matti, pharmacy, now - timedelta(days=400), "vanha@example.fi")
    web.post(link(invitation))
    erase.erase_invitations(now - timedelta(days=365))
    assert not Invitation.objects.filter(pk=old.pk).exists()
    assert Invitation.objects.filter(pk=invitation.pk).exists()
