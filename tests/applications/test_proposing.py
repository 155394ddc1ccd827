"""Two reviewers revoke together: one proposes, another confirms or declines."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from accounts.models import Membership
from accounts.services.people import merge
from accounts.services.rights import staff_roles
from applications import services
from applications.models import RevocationProposal, RevocationRequest
from applications.models.revocation_proposal import PROPOSABLE
from applications.rules.revocation import NothingToRevoke
from applications.services.reviewer.revocation import (
    AlreadyProposed,
    NotYours,
    ProposalOver,
    SecondPersonNeeded,
)
from applications.workflow import Role
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance.models import BlockedKey, Certificate
from issuance.services.errors import NotReviewer, OwnOrganisation, ReasonStands, UnknownReason

ENDED = "privilege_withdrawn"
WORDS = "Yksikkö on poistettu rekisteristä."


@pytest.fixture
def order(matti, riitta, cas):
    """An order whose certificate has been delivered, and no mail since."""
    made = orders.delivered(matti, riitta)
    mail.outbox.clear()
    return made


def propose(order, person, reason=ENDED, **more):
    return act(person, services.propose, order, reason=reason, words=WORDS, **more)


def confirm(proposal, person, **more):
    return act(person, services.confirm_proposal, proposal.pk, **more)


def state():
    return Certificate.objects.get().state


def join(person, pharmacy, now):
    Membership.objects.create(
        person=person, organisation=pharmacy, role="technical", basis="invitation", begun_at=now
    )


def test_one_reviewer_alone_revokes_nothing(order, riitta):
    proposal = propose(order, riitta)
    assert proposal.is_open
    assert state() == "issued"
    with pytest.raises(SecondPersonNeeded):
        confirm(proposal, riitta)
    assert state() == "issued"


@pytest.mark.parametrize("reason", PROPOSABLE)
def test_a_second_one_confirms_and_it_is_revoked(order, riitta, raimo, reason):
    revoked = confirm(propose(order, riitta, reason), raimo)
    assert (revoked.state, revoked.revocation_reason) == ("revoked", reason)
    asked = RevocationRequest.objects.get()
    assert (asked.person, asked.role, asked.words) == (riitta, Role.REVIEWER, WORDS)
    proposal = RevocationProposal.objects.get()
    assert (proposal.outcome, proposal.closer) == ("confirmed", raimo)
    assert not BlockedKey.objects.exists()


def test_both_persons_are_on_record(order, riitta, raimo):
    confirm(propose(order, riitta), raimo)
    found = Event.objects.filter(action__startswith="application.revocation_").order_by("pk")
    assert [(one.action.partition(".")[2], one.actor) for one in found] == [
        ("revocation_proposed", f"person:{riitta.pk}"),
        ("revocation_confirmed", f"person:{raimo.pk}"),
    ]
    assert WORDS not in str([one.data for one in found])


def test_all_concerned_are_told_at_revocation_and_not_before(order, riitta, raimo):
    proposal = propose(order, riitta)
    orders.drain()
    assert {one.to[0] for one in mail.outbox} == {"raimo@example.fi"}
    assert f"/console/{order.pk}/revocation/" in mail.outbox[0].body
    mail.outbox.clear()
    confirm(proposal, raimo)
    orders.drain()
    told = {one.to[0] for one in mail.outbox}
    assert {"matti@example.fi", "tekniikka@example.fi"} <= told
    body = next(one.body for one in mail.outbox if one.to == ["matti@example.fi"])
    assert "Oikeus varmenteeseen on päättynyt" in body
    assert "Sulkemisesta päätti viranomaisen käsittelijä." in body


def test_an_exposed_key_is_not_proposed_nor_an_unknown_reason(order, riitta):
    for reason in ("key_compromise", "unspecified", "nonsense"):
        with pytest.raises(UnknownReason):
            propose(order, riitta, reason)


def test_neither_may_be_of_the_organisation(order, riitta, raimo, pharmacy, now):
    proposal = propose(order, riitta)
    join(raimo, pharmacy, now)
    with pytest.raises(OwnOrganisation):
        confirm(proposal, raimo)
    with pytest.raises(OwnOrganisation):
        act(raimo, services.decline_proposal, proposal.pk, words="Ei.")
    with pytest.raises(OwnOrganisation):
        propose(order, raimo)


def test_the_proposer_counts_only_while_a_reviewer_and_a_stranger(
    order, riitta, raimo, pharmacy, now
):
    proposal = propose(order, riitta)
    join(riitta, pharmacy, now)
    with pytest.raises(SecondPersonNeeded):
        confirm(proposal, raimo)
    Membership.objects.filter(person=riitta).update(ended_at=now)
    staff_roles.end_reviewer(riitta, actor=system("test"), now=now)
    with pytest.raises(SecondPersonNeeded):
        confirm(proposal, raimo)


def test_two_logins_of_one_human_are_one_person(order, riitta, raimo, now):
    proposal = propose(order, riitta)
    merge.merge(riitta, into=raimo, actor=system("test"), now=now)
    with pytest.raises(SecondPersonNeeded):
        confirm(proposal, raimo)
    assert act(raimo, services.withdraw_proposal, proposal.pk).outcome == "withdrawn"


def test_others_than_reviewers_do_nothing(order, riitta, matti, kalle):
    proposal = propose(order, riitta)
    for person in (matti, kalle):
        with pytest.raises(NotReviewer):
            propose(order, person)
        with pytest.raises(NotReviewer):
            confirm(proposal, person)


def test_declined_the_certificate_stays_and_the_proposer_is_told_why(order, riitta, raimo):
    proposal = propose(order, riitta)
    orders.drain()
    mail.outbox.clear()
    act(raimo, services.decline_proposal, proposal.pk, words="Yksikkö on yhä rekisterissä.")
    orders.drain()
    assert state() == "issued"
    (told,) = mail.outbox
    assert told.to == ["riitta@example.fi"]
    assert "Yksikkö on yhä rekisterissä." in told.body
    with pytest.raises(ProposalOver):
        confirm(proposal, raimo)


def test_taken_back_by_its_maker_alone(order, riitta, raimo):
    proposal = propose(order, riitta)
    with pytest.raises(NotYours):
        act(raimo, services.withdraw_proposal, proposal.pk)
    act(riitta, services.withdraw_proposal, proposal.pk)
    with pytest.raises(ProposalOver):
        confirm(proposal, raimo)
    orders.drain()
    assert mail.outbox == []  # nobody is asked to confirm what is settled
    assert propose(order, raimo).is_open


def test_proposed_once_at_a_time(order, riitta, raimo):
    propose(order, riitta)
    with pytest.raises(AlreadyProposed):
        propose(order, raimo, "superseded")


def test_confirmed_twice_it_is_revoked_once(order, riitta, raimo):
    proposal = propose(order, riitta)
    revoked = confirm(proposal, raimo)
    with pytest.raises(ProposalOver):
        confirm(proposal, raimo, now=clock.now() + timedelta(hours=1))
    assert Certificate.objects.get().revoked_at == revoked.revoked_at


def test_revoked_meanwhile_the_proposal_is_settled(order, matti, riitta, raimo):
    proposal = propose(order, riitta)
    act(matti, services.revoke, order, reason="key_compromise", words="")
    with pytest.raises(ReasonStands):
        confirm(proposal, raimo)
    orders.drain()
    proposal.refresh_from_db()
    assert proposal.outcome == "overtaken"
    assert Certificate.objects.get().revocation_reason == "key_compromise"


def test_what_is_over_cannot_be_proposed_or_confirmed(order, matti, riitta, raimo):
    proposal = propose(order, riitta)
    after = Certificate.objects.get().not_after + timedelta(seconds=1)
    with pytest.raises(NothingToRevoke):
        confirm(proposal, raimo, now=after)
    act(riitta, services.withdraw_proposal, proposal.pk)
    with pytest.raises(NothingToRevoke):
        propose(order, riitta, now=after)
    with pytest.raises(NothingToRevoke):
        propose(orders.submitted(matti), riitta)


def test_the_database_itself_wants_two_persons(order, riitta):
    proposal = propose(order, riitta)
    row = RevocationProposal.objects.filter(pk=proposal.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(outcome="confirmed", closed_at=clock.now(), closer=riitta)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(outcome="confirmed", closed_at=clock.now(), closer=None)


def test_the_words_are_erased_with_the_order(order, riitta, now):
    propose(order, riitta)
    services.erase_expired(now=now + timedelta(days=365 * 8))
    assert RevocationProposal.objects.get().words == ""


def test_a_reviewer_who_is_new_is_told_of_nothing_old(order, riitta, raimo):
    propose(order, riitta)
    orders.drain()
    mail.outbox.clear()
    people.make_reviewer("Reino Ratkaisija")
    orders.drain()
    assert mail.outbox == []
