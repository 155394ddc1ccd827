"""Revoke a certificate on request, and enqueue the mails about revocations."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from accounts.services import mailing
from applications.documents.certificate_files import certificate_of
from applications.errors import require
from applications.models import Application, RevocationProposal, RevocationRequest
from applications.models.revocation import EXPOSED
from applications.rules import impartiality, recipients, reviewers_day, revocation
from applications.services import transition
from applications.workflow import ApplicationEvent, Role
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from issuance import services as authority
from issuance.models import Certificate

CONCERNED = ("applicant", "recipient", "mailbox", "technical_contact", "deputy")


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
    """Revoke the order's certificate at once, at the request of its organisation.

    There is no version to compare: an exposed key must be revoked whatever has changed on the
    order. A second call with the same reason does nothing; if it says more than the first, it
    raises ReasonStands. `exposed_on` is stored only with the reason key compromise. Raises
    MayNotAct, NothingToRevoke, UnknownReason.
    """
    application = transition.lock(application_id, by=actor)
    request = RevocationRequest(person=person, role=Role.APPLICANT, reason=reason, words=words)
    request.exposed_on = exposed_on if reason == EXPOSED else None
    return revoke_as(application, request, actor, now)


@transaction.atomic
def revoke_exposed(
    application_id: UUID, *, words: str, person: Person, actor: Actor, now: datetime
) -> Certificate:
    """Revoke a certificate whose key a reviewer knows or suspects to be exposed.

    Any reviewer may do this alone, even with a part in the order, because it is urgent. The other
    reviewers are told. Raises NotReviewer, NothingToRevoke.
    """
    application = transition.lock(application_id)
    impartiality.require_reviewer(person)
    request = RevocationRequest(person=person, role=Role.REVIEWER, reason=EXPOSED, words=words)
    revoked = revoke_as(application, request, actor, now)
    others = reviewers_day.reviewers().exclude(pk=person.pk) if request.pk else ()
    mailing.tell_reviewers(others, "revoked_by_reviewer", request.pk, now=now)
    return revoked


def revoke_as(
    application: Application, request: RevocationRequest, actor: Actor, now: datetime
) -> Certificate:
    """Revoke the certificate of the locked order, and save the request `request`.

    If the key is exposed, every other certificate for it is revoked too. Raises NothingToRevoke,
    UnknownReason, ReasonStands.
    """
    certificate = certificate_of(application)
    if certificate is not None and _is_done(request, certificate):
        return certificate
    require(revocation.obstacles(certificate, request.reason, now=now))
    assert certificate is not None
    since = clock.start_of_day(request.exposed_on) if request.exposed_on else None
    revoked = authority.revoke(
        certificate.pk, request.reason, actor=actor, invalidity_date=since, now=now
    )
    if request.reason == EXPOSED:
        key = certificate.spki_sha256
        authority.revoke_key(key, EXPOSED, actor=actor, invalidity_date=since, now=now)
    request.application, request.certificate_id, request.at = application, certificate.pk, now
    request.save()
    events.record(
        _event(request), application, actor, now, certificate=certificate.pk, reason=request.reason
    )
    return revoked


def _is_done(request: RevocationRequest, certificate: Certificate) -> bool:
    """Return whether it was revoked for this reason already, and the request says no more."""
    if certificate.revocation_reason != request.reason:
        return False
    said = {name: getattr(request, name) for name in ("reason", "words", "exposed_on")}
    earlier = RevocationRequest.objects.filter(certificate_id=certificate.pk, **said)
    return not (request.words or request.exposed_on) or earlier.exists()


def _event(request: RevocationRequest) -> ApplicationEvent:
    if request.role == Role.APPLICANT:
        return ApplicationEvent.REVOKE
    if request.reason == EXPOSED:
        return ApplicationEvent.REVOKE_EXPOSED
    return ApplicationEvent.REVOCATION_CONFIRMED


@transaction.atomic
def tell_revoked(application_id: UUID, certificate_id: int, *, now: datetime) -> None:
    """Enqueue the mails about the revocation of the application's certificate.

    They go to those the order names and the administrators of its organisation, each address once.
    Open proposals to revoke the certificate are closed.
    """
    overtake(certificate_id, now=now)
    application = Application.objects.filter(pk=application_id).first()
    if application is None:
        return
    tell_concerned(application, "revoked", now=now)


def tell_concerned(application: Application, notice: str, *, now: datetime, **more: str) -> None:
    """Enqueue the mail to those whom the order names and the administrators, each address once.

    `more` goes into the item's payload.
    """
    to = recipients.distinct(application, (*CONCERNED, *recipients.administrators(application)))
    transition.notify(application, notice, to, now, due_at=None, **more)


def overtake(certificate_id: int, *, now: datetime) -> None:
    """Close open proposals about a certificate that has been revoked in another way."""
    waiting = RevocationProposal.objects.filter(certificate_id=certificate_id, closed_at=None)
    waiting.update(closed_at=now, outcome=RevocationProposal.Outcome.OVERTAKEN)


@transaction.atomic
def tell_key_proven(spki_sha256: str, *, now: datetime) -> None:
    """Enqueue a mail to each reviewer that the key (SHA-256 of its SPKI) was proven exposed."""
    mailing.tell_reviewers(reviewers_day.reviewers(), "key_proven", spki_sha256, now=now)


@transaction.atomic
def tell_key_blocked(spki_sha256: str, *, now: datetime) -> None:
    """Enqueue a mail to each reviewer that the key was blocked and has certificates in force."""
    mailing.tell_reviewers(reviewers_day.reviewers(), "key_blocked", spki_sha256, now=now)
