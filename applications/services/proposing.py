"""Revoking by two reviewers: one proposes, another confirms or declines."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Person
from applications import watch
from applications.delivery import certificate_of
from applications.errors import OwnOrganisation
from applications.models import Application, RevocationProposal, RevocationRequest
from applications.proposals import PROPOSABLE
from applications.services import moving
from applications.services.revoking import NothingToRevoke, revoke_as
from applications.services.signing import MayNotAct
from applications.workflow import Role
from certportal.foundation import outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Stale
from issuance.models import Certificate
from issuance.services.errors import ReasonStands, UnknownReason

Outcome = RevocationProposal.Outcome


class AlreadyProposed(Stale):
    """Another proposal about the certificate waits for its second person."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The revocation has been proposed already. It waits for confirmation."))


class ProposalOver(Stale):
    """The proposal has been confirmed, declined, withdrawn or overtaken."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The proposal to revoke has been settled meanwhile."))


class SecondPersonNeeded(NotAllowed):
    """Whoever proposed cannot confirm, nor can their proposal stand without their role."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _("A revocation takes two reviewers: somebody else than its proposer must confirm it.")
        )


class NotYours(NotAllowed):
    """Only its maker takes a proposal back."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Only the reviewer who made the proposal can take it back."))


@transaction.atomic
def propose(
    application_id: UUID, *, reason: str, words: str, person: Person, actor: Actor, now: datetime
) -> RevocationProposal:
    """Propose to revoke the order's certificate; the other reviewers are told.

    Raises MayNotAct, OwnOrganisation, UnknownReason, NothingToRevoke, ReasonStands,
    AlreadyProposed.
    """
    application = moving.lock(application_id)
    require_reviewer(application, person)
    if reason not in PROPOSABLE:
        raise UnknownReason
    certificate = _standing(application, now)
    open_ones = RevocationProposal.objects.filter(certificate_id=certificate.pk, closed_at=None)
    if open_ones.exists():
        raise AlreadyProposed
    proposal = RevocationProposal.objects.create(
        application=application,
        certificate_id=certificate.pk,
        maker=person,
        reason=reason,
        words=words,
        made_at=now,
    )
    _record(proposal, "revocation_proposed", actor, now)
    for reader in watch.reviewers().exclude(pk=person.pk):
        _tell(reader, "revocation_proposed", proposal, now)
    return proposal


def propose_unless_pending(application_id: UUID, **given: Any) -> None:
    """Propose as `propose` does, within the caller's transaction; one that waits already stays."""
    try:
        propose(application_id, **given)
    except AlreadyProposed:
        return


@transaction.atomic
def confirm_proposal(
    proposal_id: int, *, person: Person, actor: Actor, now: datetime
) -> Certificate:
    """Revoke as proposed, because a second reviewer agrees.

    Both are counted as persons: two logins or a merged person are one. Raises ProposalOver,
    MayNotAct, OwnOrganisation, SecondPersonNeeded, NothingToRevoke, ReasonStands.
    """
    proposal, application = _open(proposal_id)
    require_reviewer(application, person)
    if _human(person) == _human(proposal.maker) or not may_review(application, proposal.maker):
        raise SecondPersonNeeded
    certificate = _standing(application, now)
    if certificate.pk != proposal.certificate_id:
        raise ProposalOver
    _close(proposal, Outcome.CONFIRMED, person, now)
    asked = RevocationRequest(
        person=proposal.maker, role=Role.REVIEWER, reason=proposal.reason, words=proposal.words
    )
    return revoke_as(application, asked, actor, now)


@transaction.atomic
def decline_proposal(
    proposal_id: int, *, words: str, person: Person, actor: Actor, now: datetime
) -> RevocationProposal:
    """Leave the certificate in force; the proposal's maker is told why.

    Raises ProposalOver, MayNotAct, OwnOrganisation, SecondPersonNeeded.
    """
    proposal, application = _open(proposal_id)
    require_reviewer(application, person)
    if _human(person) == _human(proposal.maker):
        raise SecondPersonNeeded
    _close(proposal, Outcome.DECLINED, person, now, words)
    _record(proposal, "revocation_declined", actor, now)
    _tell(proposal.maker, "revocation_declined", proposal, now)
    return proposal


@transaction.atomic
def withdraw_proposal(
    proposal_id: int, *, person: Person, actor: Actor, now: datetime
) -> RevocationProposal:
    """Take the proposal back. Raises ProposalOver, NotYours."""
    proposal, _application = _open(proposal_id)
    if _human(person) != _human(proposal.maker):
        raise NotYours
    _close(proposal, Outcome.WITHDRAWN, person, now)
    _record(proposal, "revocation_withdrawn", actor, now)
    return proposal


def require_reviewer(application: Application, person: Person) -> None:
    """Raise MayNotAct unless the person is a reviewer, OwnOrganisation if of the organisation."""
    if not access.is_reviewer(person):
        raise MayNotAct
    if access.is_member(person, application.organisation_id):
        raise OwnOrganisation


def may_review(application: Application, person: Person) -> bool:
    """Whether the person is a reviewer now, and not of the organisation."""
    own = access.is_member(person, application.organisation_id)
    return access.is_reviewer(person) and not own


def _standing(application: Application, now: datetime) -> Certificate:
    """The order's certificate, in force. Raises NothingToRevoke, ReasonStands."""
    certificate = certificate_of(application)
    if certificate is None or certificate.not_after <= now:
        raise NothingToRevoke
    if certificate.state == Certificate.State.REVOKED:
        raise ReasonStands
    return certificate


def _open(proposal_id: int) -> tuple[RevocationProposal, Application]:
    found = RevocationProposal.objects.filter(pk=proposal_id).first()
    if found is None:
        raise ProposalOver
    application = moving.lock(found.application_id)
    proposal = RevocationProposal.objects.select_for_update(of=("self",)).get(pk=proposal_id)
    if not proposal.is_open:
        raise ProposalOver
    return proposal, application


def _human(person: Person) -> UUID:
    return person.merged_into_id or person.pk


def _close(
    proposal: RevocationProposal, outcome: Outcome, person: Person, now: datetime, words: str = ""
) -> None:
    proposal.closed_at, proposal.outcome, proposal.closer = now, outcome, person
    proposal.closing_words = words
    proposal.save(update_fields=["closed_at", "outcome", "closer", "closing_words"])


def _record(proposal: RevocationProposal, action: str, actor: Actor, now: datetime) -> None:
    data = {
        "certificate": proposal.certificate_id,
        "reason": proposal.reason,
        "proposal": proposal.pk,
    }
    moving.record(proposal.application, action, actor=actor, now=now, data=data)


def _tell(reader: Person, notice: str, proposal: RevocationProposal, now: datetime) -> None:
    key = str(reader.merged_into_id or reader.pk)
    outbox.enqueue("reviewer.mail", now=now, person=key, notice=notice, source=str(proposal.pk))
