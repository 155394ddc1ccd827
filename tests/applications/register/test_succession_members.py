"""What people may do in the account of the successor to which theirs was handed over."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts.access import actor_for
from accounts.models import JoinRequest, Membership
from accounts.right_to_act import is_shown, right_of
from accounts.services.organisations import invite, join
from accounts.services.rights import documents
from accounts.services.rights.documents import Paper
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from tests.applications.register.succeeding import sees, succeed
from tests.conftest import CLINICS, PHARMACY


def test_administrators_become_applicants_and_unconfirmed_rights_stay_so(matti, kalle, riitta):
    own = matti.memberships.get()
    own.basis = Membership.Basis.UNVERIFIED
    own.save()
    maija = people.make_member("Maija Mallikas", own.organisation)
    succeed(riitta)
    moved = matti.memberships.get(ended_at=None)
    assert (moved.role, moved.basis) == (Membership.Role.APPLICANT, Membership.Basis.UNVERIFIED)
    invited = maija.memberships.get(ended_at=None)
    assert (invited.basis, invited.confirmed_by) == (Membership.Basis.UNVERIFIED, None)


def test_what_an_unconfirmed_member_handed_in_is_found_at_each_successor(matti, kalle, riitta):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    former, actor = matti.memberships.get().organisation, actor_for(matti)
    paper = Paper(pdf(), "valtakirja.pdf")
    handed_in = documents.hand_in(matti, former, paper, actor=actor, now=clock.now())
    people.make_founder("Tuula Turkulainen", "9900003-4", now=clock.now())
    for former_code, code in ((PHARMACY, CLINICS), (CLINICS, "9900003-4")):
        succeed(riitta, former_code, code)
        moved = matti.memberships.get(ended_at=None)
        assert list(documents.documents_about(moved)) == [handed_in]


def test_a_right_on_the_word_alone_keeps_its_end(matti, maija, kalle, riitta):
    until = clock.day(clock.now())
    basis = Membership.Basis.REVIEWER_DECISION
    matti.memberships.update(basis=basis, confirmed_by=riitta, confirmed_until=until)
    succeed(riitta)
    for person in (matti, maija):  # Maija's right is Matti's, who invited her
        assert person.memberships.get(ended_at=None).confirmed_until == until


def test_rights_that_were_shown_rest_on_the_decision(matti, maija, kalle, riitta):
    succeed(riitta)
    for person in (matti, maija):
        moved = person.memberships.get(ended_at=None)
        assert moved.basis == Membership.Basis.REVIEWER_DECISION
        assert (moved.confirmed_by, moved.basis_note) == (riitta, "Fuusio 1.12.2026.")


def test_who_belongs_to_both_stays_as_they_are_in_the_successor_s(matti, kalle, riitta):
    own = kalle.memberships.get()
    Membership.objects.create(
        person=kalle,
        organisation=matti.memberships.get().organisation,
        role="technical",
        basis="invitation",
        begun_at=clock.now(),
    )
    succeed(riitta)
    assert kalle.memberships.get(ended_at=None) == own


def test_who_belongs_to_both_keeps_the_stronger_role_and_right(order, matti, maija, kalle, riitta):
    """Maija has orders here and is a technical member there; Matti founded that one on his word."""
    hers, clinics = orders.draft(maija), kalle.memberships.get().organisation
    technical = {"role": "technical", "basis": "invitation", "begun_at": clock.now()}
    maija.memberships.create(organisation=clinics, **technical)
    founded = {"role": "administrator", "basis": "unverified", "begun_at": clock.now()}
    matti.memberships.create(organisation=clinics, **founded)
    mail.outbox.clear()
    assert succeed(riitta).people == 2
    orders.drain()
    assert sees(maija, "applications:order", hers.pk) == 200
    held = {one: one.memberships.get(ended_at=None) for one in (matti, maija)}
    assert held[maija].role == Membership.Role.APPLICANT
    assert held[matti].role == Membership.Role.ADMINISTRATOR
    assert all(is_shown(one) for one in held.values())
    told = sorted(one.to[0] for one in mail.outbox)
    assert told == ["kalle@example.fi", "maija@example.fi", "matti@example.fi"]
    assert all("elleivät he ole olleet myös sen" in one.body for one in mail.outbox)


def test_a_word_or_a_lesser_role_there_gives_nobody_more_than_they_had(
    order, matti, maija, kalle, riitta
):
    """Maija founded the other account on her word; Aino's right here is not confirmed."""
    clinics = kalle.memberships.get().organisation
    aino = people.make_member("Aino Ahkera", order.organisation)
    aino.memberships.update(basis=Membership.Basis.UNVERIFIED, role="administrator")
    founded = {"role": "administrator", "basis": "unverified", "begun_at": clock.now()}
    invited = {"role": "technical", "basis": "invitation", "begun_at": clock.now()}
    there = maija.memberships.create(organisation=clinics, **founded)
    hers = aino.memberships.create(organisation=clinics, **invited)
    succeed(riitta)
    there.refresh_from_db()
    hers.refresh_from_db()
    assert (there.role, there.basis) == ("administrator", Membership.Basis.UNVERIFIED)
    assert (hers.role, is_shown(hers)) == ("technical", True)


@pytest.mark.parametrize(("here", "there"), [(10, 100), (100, 10)])
def test_of_two_rights_on_the_word_alone_the_longer_one_stays(
    matti, maija, kalle, riitta, here, there
):
    """Maija came by invitation to both accounts, whose founders were confirmed on their word."""
    today, clinics = clock.day(clock.now()), kalle.memberships.get().organisation
    weak = {"basis": Membership.Basis.REVIEWER_DECISION, "confirmed_by": riitta}
    for founder, days in ((matti, here), (kalle, there)):
        founder.memberships.update(**weak, confirmed_until=today + timedelta(days=days))
    invited = {"role": "applicant", "basis": "invitation", "begun_at": clock.now()}
    maija.memberships.create(organisation=clinics, **invited)
    succeed(riitta)
    assert right_of(maija, clinics).confirmed_until == today + timedelta(days=100)


def test_whoever_asks_to_be_invited_asks_the_successor(matti, kalle, riitta, now):
    """A request is settled by belonging to the account alone, not by the account's end."""
    for name in ("Pekka Pyytäjä", "Aino Ahkera"):
        asker = people.make_person(name, now=now)
        join.ask(asker, PHARMACY, actor=actor_for(asker), now=now)
    join.ask(asker, CLINICS, actor=actor_for(asker), now=now)
    OutboxItem.objects.all().delete()
    succession = succeed(riitta)
    waiting = JoinRequest.objects.filter(settled_at=None)
    assert {one.person.given_name for one in waiting} == {"Pekka", "Aino"}
    assert {one.organisation for one in waiting} == {succession.successor}
    told = OutboxItem.objects.filter(payload__kind="join_request")
    assert [one.payload["to"] for one in told] == [str(kalle.pk)]


def test_an_open_invitation_to_the_former_account_is_cancelled_on_record(matti, kalle, riitta):
    asked = {"role": Membership.Role.APPLICANT, "language": "fi"}
    account = matti.memberships.get().organisation
    invitation = act(matti, invite.invite, account, "uuno@example.fi", **asked)
    succeed(riitta)
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None
    assert Event.objects.get(action="invitation.revoked").object_id == str(invitation.pk)
