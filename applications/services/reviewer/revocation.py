"""Revocation by two reviewers: one proposes it, another confirms or declines."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.services import mailing
from applications.documents.certificate_files import certificate_of
from applications.errors import require
from applications.models import Application, RevocationProposal, RevocationRequest
from applications.models.revocation import EXPOSED
from applications.models.revocation_proposal import PROPOSABLE
from applications.rules import impartiality, reviewers_day, revocation, revocation_wanted
from applications.rules.revocation_wanted import Wanted
from applications.services import transition
from applications.services.applicant.revoke import revoke_as
from applications.workflow import ApplicationEvent, Role
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.database.combined_queries import (
    Asks,
    Question,
    Rows,
    compiled_for,
    first,
)
from certportal.foundation.errors import NotAllowed, Refused, Stale
from issuance.models import Certificate
from issuance.services.errors import UnknownReason

Outcome = RevocationProposal.Outcome
AFTERWARDS = system("revocation")
"""Who makes the proposal that another one stood in the way of."""


class AlreadyProposed(Stale):
    message = _("The revocation has been proposed already. It waits for confirmation.")


class ProposalOver(Stale):
    message = _("The proposal to revoke has been settled meanwhile.")


class SecondPersonNeeded(NotAllowed):
    """The proposer cannot confirm or decline; and a proposal cannot be confirmed if its proposer is
    no longer a reviewer or has become biased.
    """

    message = _(
        "A revocation takes two reviewers: somebody else than its proposer must confirm it."
    )


class NotYours(NotAllowed):
    message = _("Only the reviewer who made the proposal can take it back.")


class CameFromOutside(NotAllowed):
    """A report from outside waits for the proposal, so its maker cannot settle it alone."""

    message = _("Another reviewer must decide it.")


def to_propose(application: Application, person: Person, *, now: datetime) -> Iterator[Refused]:
    """Yield why the reviewer may not propose to revoke the order's certificate."""
    yield from to_note(application, person, now=now)
    if open_proposal(application) is not None:
        yield AlreadyProposed()


def to_note(application: Application, person: Person, *, now: datetime) -> Iterator[Refused]:
    """Yield why the reviewer may not add a report to an open proposal."""
    yield from impartiality.to_review(person, application, now=now)
    yield from revocation.obstacles(certificate_of(application), PROPOSABLE[0], now=now)


def reasons(application: Application, person: Person, *, now: datetime) -> list[str]:
    """Return the reasons for which the reviewer may revoke the certificate or propose it."""
    return _reasons(application, to_propose(application, person, now=now), now)


def reasons_to_report(application: Application, person: Person, *, now: datetime) -> list[str]:
    """Return the reasons for which the reviewer may record a report from outside."""
    return _reasons(application, to_note(application, person, now=now), now)


def _reasons(application: Application, obstacles: Iterator[Refused], now: datetime) -> list[str]:
    exposed = revocation.obstacles(certificate_of(application), EXPOSED, now=now)
    return ([] if any(exposed) else [EXPOSED]) + ([] if any(obstacles) else [*PROPOSABLE])


@Question
def open_proposal(application: Application) -> Asks[RevocationProposal | None]:
    """Return the proposal that waits for a second person, or None."""
    return _open_proposal(application.pk), first


@compiled_for(UUID(int=1))
def _open_proposal(order: UUID) -> Rows:
    waiting = RevocationProposal.objects.filter(application=order, closed_at=None)
    return Rows(waiting.order_by("-made_at", "-pk")[:1], "maker", "report", "report__person")


@transaction.atomic
def propose(
    application_id: UUID,
    *,
    reason: str,
    words: str,
    with_mail: bool = True,
    person: Person,
    actor: Actor,
    now: datetime,
) -> RevocationProposal:
    """Propose to revoke the order's certificate; `with_mail`: the other reviewers are told.

    Raises UnknownReason and what `to_propose` yields: NotReviewer, OwnOrganisation,
    NothingToRevoke, ReasonStands, AlreadyProposed.
    """
    application = transition.lock(application_id)
    impartiality.require_reviewer(person)
    if reason not in PROPOSABLE:
        raise UnknownReason
    require(to_propose(application, person, now=now))
    certificate = certificate_of(application)
    assert certificate is not None
    others = reviewers_day.reviewers().exclude(pk=person.pk) if with_mail else ()
    return _make(application, certificate, Wanted(person, reason, words), others, actor, now)


def _make(
    application: Application,
    certificate: Certificate,
    wanted: Wanted,
    tell: Iterable[Person],
    actor: Actor,
    now: datetime,
) -> RevocationProposal:
    proposal = RevocationProposal.objects.create(
        application=application,
        certificate_id=certificate.pk,
        maker=wanted.maker,
        reason=wanted.reason,
        words=wanted.words,
        made_at=now,
    )
    _record(ApplicationEvent.REVOCATION_PROPOSED, proposal, actor, now)
    mailing.tell_reviewers(tell, "revocation_proposed", proposal.pk, now=now)
    return proposal


def to_decline(proposal: RevocationProposal, person: Person, *, now: datetime) -> Iterator[Refused]:
    """Yield why the reviewer may not decline the open proposal.

    Merged persons count as one, so nobody can close their own proposal with another login.
    """
    yield from impartiality.to_review(person, proposal.application, now=now)
    if person.current == proposal.maker.current:
        yield SecondPersonNeeded()


def to_confirm(proposal: RevocationProposal, person: Person, *, now: datetime) -> Iterator[Refused]:
    """Yield why the reviewer may not confirm the open proposal."""
    yield from to_decline(proposal, person, now=now)
    if any(impartiality.to_review(proposal.maker, proposal.application, now=now)):
        yield SecondPersonNeeded()
    certificate = certificate_of(proposal.application)
    yield from revocation.obstacles(certificate, proposal.reason, now=now)
    if certificate is not None and certificate.pk != proposal.certificate_id:
        yield ProposalOver()


def to_withdraw(
    proposal: RevocationProposal, person: Person, *, now: datetime
) -> Iterator[Refused]:
    """Yield why the reviewer may not withdraw the open proposal.

    Whoever is concerned by now takes no step in it (hallintolaki 28 §); others decline it. What it
    leaves unanswered would be proposed in their name, and nobody could confirm that.
    """
    yield from impartiality.to_review(person, proposal.application, now=now)
    if person.current != proposal.maker.current:
        yield NotYours()
    if proposal.came_from_outside:
        yield CameFromOutside()


@transaction.atomic
def confirm_proposal(
    proposal_id: int, *, person: Person, actor: Actor, now: datetime
) -> Certificate:
    """Revoke as proposed, on confirmation by a second reviewer.

    Raises ProposalOver, and what `to_confirm` yields: NotReviewer, OwnOrganisation,
    SecondPersonNeeded, NothingToRevoke, ReasonStands.
    """
    proposal = _open(proposal_id, person)
    require(to_confirm(proposal, person, now=now))
    _close(proposal, Outcome.CONFIRMED, person, now)
    request = RevocationRequest(
        person=proposal.maker, role=Role.REVIEWER, reason=proposal.reason, words=proposal.words
    )
    return revoke_as(proposal.application, request, actor, now)


@transaction.atomic
def decline_proposal(
    proposal_id: int, *, words: str, person: Person, actor: Actor, now: datetime
) -> RevocationProposal:
    """Decline the proposal, leaving the certificate in force.

    Its maker and who wrote the reports beside it are told why. What it leaves unanswered is
    proposed in its place. Raises ProposalOver, and what `to_decline` yields: NotReviewer,
    OwnOrganisation, SecondPersonNeeded.
    """
    proposal = _open(proposal_id, person)
    require(to_decline(proposal, person, now=now))
    _close(proposal, Outcome.DECLINED, person, now, words)
    _record(ApplicationEvent.REVOCATION_DECLINED, proposal, actor, now)
    wrote = [one.person for one in proposal.reports_beside.select_related("person")]
    told = dict.fromkeys(one.current for one in (proposal.maker, *wrote))
    told.pop(person.current, None)
    mailing.tell_reviewers(told, "revocation_declined", proposal.pk, now=now)
    _propose_what_is_left(proposal, now)
    return proposal


@transaction.atomic
def withdraw_proposal(
    proposal_id: int, *, person: Person, actor: Actor, now: datetime
) -> RevocationProposal:
    """Withdraw the person's own proposal; what it leaves unanswered is proposed in its place.

    Raises ProposalOver, and what `to_withdraw` yields: NotReviewer, OwnOrganisation, NotYours,
    CameFromOutside.
    """
    proposal = _open(proposal_id, person)
    require(to_withdraw(proposal, person, now=now))
    _close(proposal, Outcome.WITHDRAWN, person, now)
    _record(ApplicationEvent.REVOCATION_WITHDRAWN, proposal, actor, now)
    _propose_what_is_left(proposal, now)
    return proposal


def _propose_what_is_left(ended: RevocationProposal, now: datetime) -> None:
    """Propose what the ended proposal stood in the way of, if its certificate is still in force.

    The maker is whoever wanted it, and is told like all reviewers, since they do not know of it. If
    they may not review the order any more, nobody could confirm it, so the maker is who ended the
    former proposal. The oldest report is the new proposal's own, the others stand beside it.
    """
    wanted, certificate = revocation_wanted.after(ended), certificate_of(ended.application)
    if wanted is None or certificate is None or certificate.pk != ended.certificate_id:
        return
    if any(revocation.obstacles(certificate, wanted.reason, now=now)):
        return
    if any(impartiality.to_review(wanted.maker, ended.application, now=now)):
        assert ended.closer is not None
        wanted = replace(wanted, maker=ended.closer.current)
    everybody = reviewers_day.reviewers()
    proposal = _make(ended.application, certificate, wanted, everybody, AFTERWARDS, now)
    for report in wanted.reports:
        is_own = report == wanted.reports[0]
        report.proposal, report.beside = (proposal, None) if is_own else (None, proposal)
        report.save(update_fields=["proposal", "beside"])


def _open(proposal_id: int, person: Person) -> RevocationProposal:
    """Return the open proposal, locked with its application, to a reviewer."""
    unlocked = RevocationProposal.objects.filter(pk=proposal_id).first()
    if unlocked is None:
        raise ProposalOver
    transition.lock(unlocked.application_id)
    impartiality.require_reviewer(person)
    locked = RevocationProposal.objects.select_for_update(of=("self",))
    proposal = locked.select_related("application", "maker").get(pk=proposal_id)
    if not proposal.is_open:
        raise ProposalOver
    return proposal


def _close(
    proposal: RevocationProposal, outcome: Outcome, person: Person, now: datetime, words: str = ""
) -> None:
    proposal.closed_at, proposal.outcome, proposal.closer = now, outcome, person
    proposal.closing_words = words
    proposal.save(update_fields=["closed_at", "outcome", "closer", "closing_words"])


def _record(
    name: ApplicationEvent, proposal: RevocationProposal, actor: Actor, now: datetime
) -> None:
    events.record(
        name,
        proposal.application,
        actor,
        now,
        certificate=proposal.certificate_id,
        reason=proposal.reason,
        proposal=proposal.pk,
    )
