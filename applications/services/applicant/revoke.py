"""Revoking a certificate on request, and telling about it."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Person
from applications import concerned, notices, watch
from applications.access import ACTING
from applications.delivery import certificate_of
from applications.errors import OwnOrganisation
from applications.models import Application, RevocationProposal, RevocationRequest
from applications.revocations import EXPOSED
from applications.services import moving
from applications.services.signing import MayNotAct
from applications.workflow import Role
from certportal.foundation import clock, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance import services as authority
from issuance.models import Certificate

CONCERNED = ("applicant", "recipient", "mailbox", "technical_contact", "deputy")


class NothingToRevoke(Refused):
    """The order has no certificate, or one that has expired already."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("There is no certificate in force here that could be revoked."))


@transaction.atomic
def revoke(
    application_id: UUID,
    *,
    reason: str,
    words: str,
    exposed_on: date | None = None,
    person: Person,
    actor: Actor,
    now: datetime,
) -> Certificate:
    """Revoke the order's certificate at once, because its organisation asks.

    No version is asked for: whatever changed on the order meanwhile, an exposed key is revoked.
    Asked again for the same reason, nothing happens. Raises MayNotAct, NothingToRevoke,
    UnknownReason, ReasonStands.
    """
    application = moving.lock(application_id)
    membership = access.current_membership(person, application.organisation_id)
    if membership is None or membership.role not in ACTING:
        raise MayNotAct
    asked = RevocationRequest(person=person, role=Role.APPLICANT, reason=reason, words=words)
    asked.exposed_on = exposed_on if reason == EXPOSED else None
    return revoke_as(application, asked, actor, now)


@transaction.atomic
def revoke_exposed(
    application_id: UUID, *, words: str, person: Person, actor: Actor, now: datetime
) -> Certificate:
    """Revoke the certificate whose key a reviewer knows, or has cause to suspect, to be exposed.

    Raises MayNotAct, OwnOrganisation, NothingToRevoke.
    """
    application = moving.lock(application_id)
    if not access.is_reviewer(person):
        raise MayNotAct
    if access.is_member(person, application.organisation_id):
        raise OwnOrganisation
    asked = RevocationRequest(person=person, role=Role.REVIEWER, reason=EXPOSED, words=words)
    return revoke_as(application, asked, actor, now)


def revoke_as(
    application: Application, asked: RevocationRequest, actor: Actor, now: datetime
) -> Certificate:
    """Revoke the certificate of the locked order as asked, and keep who asked and why.

    An exposed key takes every other certificate for it along. Raises as `revoke`, rights apart.
    """
    certificate = certificate_of(application)
    if certificate is None or certificate.not_after <= now:
        raise NothingToRevoke
    if certificate.revocation_reason == asked.reason:
        return certificate
    since = clock.start_of_day(asked.exposed_on) if asked.exposed_on else None
    revoked = authority.revoke(
        certificate.pk, asked.reason, actor=actor, invalidity_date=since, now=now
    )
    if asked.reason == EXPOSED:
        key = certificate.spki_sha256
        authority.revoke_key(key, EXPOSED, actor=actor, invalidity_date=since, now=now)
    asked.application, asked.certificate_id, asked.at = application, certificate.pk, now
    asked.save()
    action = _action(asked)
    data = {"certificate": certificate.pk, "reason": asked.reason}
    moving.record(application, action, actor=actor, now=now, data=data)
    return revoked


def _action(asked: RevocationRequest) -> str:
    if asked.role == Role.APPLICANT:
        return "revoke"
    return "revoke_exposed" if asked.reason == EXPOSED else "revocation_confirmed"


@transaction.atomic
def tell_revoked(application_id: UUID, certificate_id: int, *, now: datetime) -> None:
    """Enqueue the mails about the revocation of the application's certificate.

    Told are those the order names and the administrators of its organisation, each address once.
    What reviewers had proposed about the certificate is settled by it.
    """
    overtake(certificate_id, now=now)
    application = Application.objects.filter(pk=application_id).first()
    if application is None:
        return
    people = concerned.administrators(application)
    told = notices.distinct(application, (*CONCERNED, *people))
    moving.notify(application, "revoked", told, now)


def overtake(certificate_id: int, *, now: datetime) -> None:
    """Close what was proposed about a certificate that has been revoked in another way."""
    waiting = RevocationProposal.objects.filter(certificate_id=certificate_id, closed_at=None)
    waiting.update(closed_at=now, outcome=RevocationProposal.Outcome.OVERTAKEN)


@transaction.atomic
def tell_key_proven(spki_sha256: str, *, now: datetime) -> None:
    """Enqueue a mail to each reviewer: the holder of this key proved it to be exposed."""
    for reader in watch.reviewers():
        key = str(reader.pk)
        outbox.enqueue(
            "reviewer.mail", now=now, person=key, notice="key_proven", source=spki_sha256
        )
