"""The people of an account: who sees and changes what; the second comer's request."""

import threading

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import Invitation, JoinRequest, Membership
from accounts.services.organisations import invite, join, membership as services
from certportal.dev.builders import mails, orders, people
from certportal.dev.builders.acts import act
from certportal.foundation.models import Event, OutboxItem
from tests.conftest import PHARMACY
from tests.suppliers import consent

ADMINISTRATOR = Membership.Role.ADMINISTRATOR
MEMBERS = "accounts:members"


def member_of(person):
    return person.memberships.get(ended_at=None)


def change(person, role, by, now):
    return services.change_role(member_of(person).pk, role, by=by, actor=actor_for(by), now=now)


def test_an_administrator_invites_sees_the_state_and_cancels(web, pharmacy):
    form = {"email": "uuno@example.fi", "role": "applicant", "language": "sv"}
    assert web.post(reverse("accounts:invite"), form).status_code == 302
    invitation = pharmacy.invitations.get()
    page = web.get("/en/account/members/")
    assert "uuno@example.fi" in page.text
    assert "Waiting for an answer" in page.text
    web.post(reverse("accounts:resend", args=[invitation.pk]), {"version": invitation.sent})
    web.post(reverse("accounts:revoke", args=[invitation.pk]))
    invitation.refresh_from_db()
    assert invitation.sent == 2
    assert "Cancelled" in web.get("/en/account/members/").text


def test_of_more_invitations_than_are_listed_the_page_says_so(web, pharmacy, monkeypatch):
    monkeypatch.setattr(join, "NEWEST", 1)
    for name, told in (("uuno", False), ("viljo", True)):
        form = {"email": f"{name}@example.fi", "role": "applicant", "language": "fi"}
        web.post(reverse("accounts:invite"), form)
        page = web.get("/en/account/members/").text
        assert f"{name}@example.fi" in page
        assert ("Only the first 1 are shown." in page) is told


def test_reading_the_buttons_addresses_changes_nothing(web, pharmacy, maija):
    web.post(
        reverse("accounts:invite"),
        {"email": "uuno@example.fi", "role": "applicant", "language": "fi"},
    )
    invitation = pharmacy.invitations.get()
    for name in ("resend", "revoke"):
        opened = web.get(reverse(f"accounts:{name}", args=[invitation.pk]))
        assert opened.status_code == 405
        assert f'href="{reverse("accounts:members")}">' in opened.text
    web.get(reverse("accounts:remove", args=[member_of(maija).pk]))
    invitation.refresh_from_db()
    assert (invitation.sent, invitation.revoked_at) == (1, None)
    assert member_of(maija)


def test_an_applicant_sees_the_people_but_no_invitations_and_changes_nobody(maija, matti):
    client = people.log_in(Client(), maija)
    page = client.get(reverse(MEMBERS))
    assert "Matti Meikäläinen" in page.text
    assert reverse("accounts:invite") not in page.text
    assert client.get(reverse("accounts:invite")).status_code == 404
    place = reverse("accounts:member", args=[member_of(matti).pk])
    assert client.post(place, {"role": "applicant"}).status_code == 404
    assert Event.objects.filter(action="access.refused", refused=True).exists()


def test_an_administrator_sees_who_has_not_logged_in_for_long(web, maija, matti, now):
    maija.logins.update(last_login=now.replace(year=2024, month=1, day=5))
    assert "5 Jan 2024" in web.get("/en/account/members/").text
    page = people.log_in(Client(), maija).get("/en/account/members/")
    assert "Last logged in" not in page.text


def test_strangers_and_the_former_find_nothing(maija, matti, kalle, now):
    place = reverse("accounts:member", args=[member_of(maija).pk])
    assert people.log_in(Client(), kalle).get(place).status_code == 404
    change(maija, ADMINISTRATOR, matti, now)
    services.remove(member_of(matti).pk, by=maija, actor=actor_for(maija), now=now)
    assert people.log_in(Client(), matti).get(place).status_code == 404


def test_a_role_is_changed_and_the_member_told(web, maija, now):
    place = reverse("accounts:member", args=[member_of(maija).pk])
    assert web.post(place, {"role": "technical"}).status_code == 302
    assert member_of(maija).role == Membership.Role.TECHNICAL
    item = OutboxItem.objects.get(payload__kind="role_changed")
    mail = mails.written(item, now=now)
    assert mail is not None
    assert mail.to == maija.email


def test_removing_ends_the_sessions_of_whoever_is_removed(web, maija, now):
    hers = people.log_in(Client(), maija)
    assert hers.get(reverse("home")).status_code == 200
    web.post(reverse("accounts:remove", args=[member_of(maija).pk]))
    answer = hers.get(reverse("home"))
    assert answer.status_code == 302
    assert "/account/login/" in answer["Location"]
    item = OutboxItem.objects.get(payload__kind="membership_ended")
    mail = mails.written(item, now=now)
    assert mail is not None
    assert "Helsingin VI apteekki" in mail.subject


def test_the_last_administrator_cannot_go(web, matti, maija, now):
    own = member_of(matti)
    assert web.post(reverse("accounts:leave")).status_code == 400
    assert web.post(reverse("accounts:remove", args=[own.pk])).status_code == 400
    assert web.post(reverse("accounts:member", args=[own.pk]), {"role": "applicant"}).status_code
    assert member_of(matti).role == ADMINISTRATOR
    change(maija, ADMINISTRATOR, matti, now)
    assert web.post(reverse("accounts:leave")).status_code == 302
    assert not matti.memberships.filter(ended_at=None).exists()


def test_administrators_are_told_who_has_left(matti, maija, now):
    left = services.leave(member_of(maija).pk, actor=actor_for(maija), now=now)
    (item,) = OutboxItem.objects.filter(payload__kind="member_left")
    assert item.payload["to"] == str(matti.pk)
    message = mails.written(item, now=now)
    assert (message.to, left.ended_at) == ("matti@example.fi", now)
    assert "Maija Mallikas" in message.subject
    assert "Helsingin VI apteekki" in message.text


def test_two_administrators_cannot_remove_each_other(matti, maija, now):
    change(maija, ADMINISTRATOR, matti, now)
    services.remove(member_of(maija).pk, by=matti, actor=actor_for(matti), now=now)
    with pytest.raises(services.LastAdministrator):
        services.remove(member_of(matti).pk, by=matti, actor=actor_for(matti), now=now)
    with pytest.raises(services.NotAdministrator):
        services.remove(member_of(matti).pk, by=maija, actor=actor_for(maija), now=now)
    ended = maija.memberships.get()
    with pytest.raises(services.NoMember):
        services.remove(ended.pk, by=matti, actor=actor_for(matti), now=now)


@pytest.mark.django_db(transaction=True)
def test_not_even_at_the_same_moment(matti, maija, pharmacy, now):
    change(maija, ADMINISTRATOR, matti, now)
    done: list[object] = []

    def remove(whom, by):
        try:
            services.remove(member_of(whom).pk, by=by, actor=actor_for(by), now=now)
            done.append(whom)
        except services.NotAdministrator:
            done.append(None)
        finally:
            connections.close_all()

    pairs = [(matti, maija), (maija, matti)]
    threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one is None for one in done) == [False, True]
    assert pharmacy.memberships.filter(role=ADMINISTRATOR, ended_at=None).count() == 1


def test_whoever_lost_the_right_at_this_moment_changes_nothing(matti, maija, kalle, pharmacy, now):
    """Maija's requests passed the check of the page, and waited while Matti removed her."""
    pekka = people.make_member("Pekka Proviisori", pharmacy, now=now)
    open_one = act(matti, invite.invite, pharmacy, "a@example.fi", role="applicant", language="fi")
    change(maija, ADMINISTRATOR, matti, now)
    act(matti, services.remove, member_of(maija).pk)
    held = member_of(pekka).pk
    for by in (maija, kalle):
        for service, about, given in (
            (services.remove, held, {}),
            (services.change_role, held, {"role": "technical"}),
            (invite.resend, open_one.pk, {"version": 1}),
            (invite.revoke, open_one.pk, {}),
        ):
            with pytest.raises(services.NotAdministrator):
                act(by, service, about, **given)
    assert member_of(pekka).role == "applicant"
    open_one.refresh_from_db()
    assert (open_one.sent, open_one.revoked_at) == (1, None)


def test_whoever_lost_the_right_at_this_moment_invites_nobody(matti, maija, pharmacy, now):
    change(maija, ADMINISTRATOR, matti, now)
    services.remove(member_of(maija).pk, by=matti, actor=actor_for(matti), now=now)
    given = {"role": ADMINISTRATOR, "language": "fi", "actor": actor_for(maija), "now": now}
    with pytest.raises(services.NotAdministrator):
        invite.invite(pharmacy, "a@example.fi", by=maija, **given)
    assert not pharmacy.invitations.exists()


@pytest.mark.parametrize("way", ["removed", "left", "demoted"])
def test_invitations_do_not_outlive_the_right_to_invite(matti, maija, pharmacy, now, way):
    change(maija, ADMINISTRATOR, matti, now)
    given = {"role": ADMINISTRATOR, "language": "fi", "now": now}
    hers = invite.invite(pharmacy, "uuno@example.fi", by=maija, actor=actor_for(maija), **given)
    his = invite.invite(pharmacy, "ville@example.fi", by=matti, actor=actor_for(matti), **given)
    if way == "demoted":
        change(maija, Membership.Role.APPLICANT, matti, now)
    elif way == "removed":
        services.remove(member_of(maija).pk, by=matti, actor=actor_for(matti), now=now)
    else:
        services.leave(member_of(maija).pk, actor=actor_for(maija), now=now)

    uuno = people.make_person("Uuno Uusi", now=now)
    with pytest.raises(invite.NotWaiting):
        invite.accept(hers.pk, hers.token, person=uuno, actor=actor_for(uuno), now=now)
    assert Event.objects.get(action="invitation.revoked").object_id == str(hers.pk)
    ville = people.make_person("Ville Vasta", now=now)
    assert invite.accept(his.pk, his.token, person=ville, actor=actor_for(ville), now=now)


def test_every_change_is_an_event_without_names(web, maija):
    web.post(reverse("accounts:remove", args=[member_of(maija).pk]))
    event = Event.objects.get(action="membership.removed")
    assert event.organisation_id
    assert "Maija" not in str(event.data)
    assert maija.email not in str(event.data)


@pytest.fixture
def second(matti, now):
    """Somebody else of the pharmacy, who comes to found an account that exists."""
    return people.make_person("Toini Toinen", now=now)


def test_the_second_comer_is_told_and_asks_to_be_invited(second, matti, pharmacy, now):
    client = people.log_in(Client(), second)
    page = client.get(f"/en/account/organisation/found/{PHARMACY}/")
    assert "Ask for an invitation" in page.text
    assert "Matti" not in page.text  # who administers it is the account's own affair
    opened = client.get(reverse("accounts:join", args=[PHARMACY]))
    assert opened.status_code == 405
    assert f'href="{reverse("accounts:confirm", args=[PHARMACY])}">' in opened.text
    for _twice in range(2):
        asked = client.post(reverse("accounts:join", args=[PHARMACY]))
        assert asked.status_code == 200
    request = JoinRequest.objects.get()
    item = OutboxItem.objects.get(payload__kind="join_request")
    mail = mails.written(item, now=now)
    assert mail is not None
    assert mail.to == matti.email
    assert "Toini Toinen" in mail.text
    assert f"/fi/account/members/invite/{request.pk}/" in mail.text
    assert not second.memberships.exists()


def test_one_click_leads_to_the_filled_in_form_and_accepting_settles_it(second, web, pharmacy, now):
    request = join.ask(second, PHARMACY, actor=actor_for(second), now=now)
    assert request is not None
    place = reverse("accounts:invite_for", args=[request.pk])
    page = web.get(place)
    assert second.email in page.text
    form = {"email": second.email, "role": "applicant", "language": "fi"}
    assert web.post(place, form).status_code == 302
    invitation = Invitation.objects.get()
    assert invitation.organisation == pharmacy
    people.log_in(Client(), second).post(reverse("accounts:invitation", args=[invitation.token]))
    assert second.memberships.get().organisation == pharmacy
    request.refresh_from_db()
    assert request.settled_at


def test_only_administrators_open_a_request(second, maija, kalle, now):
    request = join.ask(second, PHARMACY, actor=actor_for(second), now=now)
    assert request is not None
    for person in (maija, kalle, second):
        client = people.log_in(Client(), person)
        place = reverse("accounts:invite_for", args=[request.pk])
        assert client.get(place).status_code == 404
        assert client.post(place, {"email": "x@example.fi"}).status_code == 404


def test_asking_for_an_account_that_does_not_exist_leads_to_founding(second):
    client = people.log_in(Client(), second)
    answer = client.post(reverse("accounts:join", args=["9900008-5"]))
    assert answer.status_code == 302
    assert not JoinRequest.objects.exists()


def test_a_founder_whom_nobody_has_confirmed_is_led_to_the_authority(web, matti, maija):
    """They can make nobody else an administrator; the authority can end the membership."""
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED)
    page = web.get("/en/account/members/leave/").text
    assert "we will end your membership" in page
    assert reverse("contact") in page
    assert "Make somebody else" not in page
    assert web.post("/en/account/members/leave/").status_code == 400
    assert member_of(matti)


def test_the_last_administrator_reads_why_there_is_no_leaving(web, matti, maija, now):
    page = web.get("/en/account/members/leave/").text
    assert "at least one administrator" in page
    assert "button--danger" not in page
    change(maija, ADMINISTRATOR, matti, now)
    assert "button--danger" in web.get("/en/account/members/leave/").text


def test_who_is_removed_before_a_mail_is_sent_learns_nothing_more_of_the_account(
    matti, maija, kalle, pharmacy, now
):
    """The mails wait for the mail server, and an administrator is removed meanwhile."""
    change(maija, ADMINISTRATOR, matti, now)
    orders.drain()
    mail.outbox.clear()
    pekka, uuno = people.make_person("Pekka Pyytäjä"), people.make_person("Uuno Uusi")
    act(pekka, join.ask, pekka, PHARMACY)
    role = {"role": "technical", "language": "fi"}
    invited = act(matti, invite.invite, pharmacy, uuno.email, **role)
    act(uuno, invite.accept, invited.pk, invited.token)
    act(uuno, services.leave, member_of(uuno).pk)
    consent(kalle, matti)
    act(matti, services.remove, member_of(maija).pk)
    orders.drain()
    hers, his = ([one for one in mail.outbox if one.to == [of.email]] for of in (maija, matti))
    clinics = str(kalle.memberships.get().organisation)
    told = [str(pekka), f"{uuno} on hyväksynyt", f"{uuno} on poistunut", clinics]
    assert [any(name in one.body for one in his) for name in told] == [True] * len(told)
    assert [one.subject for one in hers if any(name in one.body for name in told)] == []
    assert len(hers) == 1  # that her membership has ended
