"""What a reviewer does with a case."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications import holding, promise
from applications.errors import NotPossible, NotYourCase, require_reasons
from applications.models import Application, Check, HostName, InformationRequest
from applications.services import deciding, freezing, moving
from applications.workflow import Action, Role, Status
from certportal.foundation.actors import Actor
from issuance import services as authority

approve, reject, reopen = deciding.approve, deciding.reject, deciding.reopen


@transaction.atomic
def claim(
    application_id: UUID, *, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Take the case; the certificate-to-be is prepared for it.

    Raises OwnOrganisation, OwnOrganisationLately, and NotPossible when another reviewer has it.
    """
    application = moving.lock(application_id, version=version)
    holding.require_unbiased(person, application, now=now)
    if application.reviewer_id != person.pk and not holding.is_free(application):
        raise NotPossible
    return moving.move(
        application,
        Action.CLAIM,
        role=Role.REVIEWER,
        actor=actor,
        now=now,
        reviewer=person,
        claimed_at=now,
    )


@transaction.atomic
def release(
    application_id: UUID, *, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Give the case back to the queue."""
    application = held(application_id, person, version, now)
    authority.void(application.pk, "released", actor=actor, now=now)
    return moving.move(
        application,
        Action.RELEASE,
        role=Role.REVIEWER,
        actor=actor,
        now=now,
        reviewer=None,
        claimed_at=None,
    )


@transaction.atomic
def choose_names(
    application_id: UUID,
    *,
    organisation: str,
    unit: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Choose how names too long for a certificate are shortened; prepares the certificate anew."""
    application = held(application_id, person, version, now)
    moving.require(application, Action.CHOOSE_NAMES, Role.REVIEWER)
    # The old bytes must not be approved between this commit and the new preparation.
    authority.void(application.pk, "names_chosen", actor=actor, now=now)
    return moving.move(
        application,
        Action.CHOOSE_NAMES,
        role=Role.REVIEWER,
        actor=actor,
        now=now,
        organisation_spelling=organisation,
        unit_spelling=unit,
    )


@transaction.atomic
def set_evidence(
    application_id: UUID,
    host_name_id: int,
    *,
    evidence: HostName.Evidence,
    note: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Record by what the reviewer saw that the applicant administers the host name."""
    application = held(application_id, person, version, now)
    host = application.host_names.get(pk=host_name_id)
    host.evidence, host.evidence_note = evidence, note
    host.evidenced_at, host.evidenced_by = now, person
    host.save(update_fields=["evidence", "evidence_note", "evidenced_at", "evidenced_by"])
    moving.save(application, now=now)
    moving.record(
        application,
        "set_evidence",
        actor=actor,
        now=now,
        data={"host": host_name_id, "by": evidence},
    )
    return application


@transaction.atomic
def request_info(
    application_id: UUID,
    *,
    reason: str,
    sections: list[str],
    deadline: date,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Ask the applicant for more (hallintolaki 22 §): reason, parts reopened, deadline.

    The working days left of the promise freeze until the answer. Raises ReasonsMissing.
    """
    require_reasons(reason)
    application = held(application_id, person, version, now)
    moving.require(application, Action.REQUEST_INFO, Role.REVIEWER)
    authority.void(application.pk, "information_requested", actor=actor, now=now)
    InformationRequest.objects.create(
        application=application,
        reviewer=person,
        reason=reason,
        fields=sections,
        deadline=deadline,
        asked_at=now,
    )
    left = promise.days_left(application.due_on, now) if application.due_on else None
    return moving.move(
        application,
        Action.REQUEST_INFO,
        role=Role.REVIEWER,
        actor=actor,
        now=now,
        data={"sections": sections, "deadline": deadline.isoformat()},
        days_left=left,
        due_on=None,
    )


@transaction.atomic
def extend_deadline(
    application_id: UUID,
    *,
    deadline: date,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Give the applicant more time to answer."""
    application = held(application_id, person, version, now)
    moving.require(application, Action.EXTEND_DEADLINE, Role.REVIEWER)
    request = application.requests.get(closed_at=None)
    if deadline <= request.deadline:
        raise NotPossible
    request.deadline = deadline
    request.save(update_fields=["deadline"])
    return moving.move(
        application,
        Action.EXTEND_DEADLINE,
        role=Role.REVIEWER,
        actor=actor,
        now=now,
        data={"deadline": deadline.isoformat()},
    )


@transaction.atomic
def cancel_request(
    application_id: UUID, *, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Take the question back; the promise counts on.

    Raises NotPossible when the applicant has begun to change what the certificate will say.
    """
    application = held(application_id, person, version, now)
    moving.require(application, Action.CANCEL_REQUEST, Role.REVIEWER)
    checked = Check.objects.filter(submission=application.submission_id, csr=application.csr_id)
    if not freezing.is_as_sent(application, now=now) or not checked.exists():
        raise NotPossible
    left = application.days_left
    request = application.requests.get(closed_at=None)
    request.closed_at, request.cancelled = now, True
    request.save(update_fields=["closed_at", "cancelled"])
    return moving.move(
        application,
        Action.CANCEL_REQUEST,
        role=Role.REVIEWER,
        actor=actor,
        now=now,
        completed_at=application.completed_at or now,
        due_on=promise.due_on(now) if left is None else promise.resumed_on(now, left),
        days_left=None,
    )


def held(application_id: UUID, person: Person, version: int, now: datetime) -> Application:
    """Return the locked application, which the reviewer must have claimed, else NotYourCase.

    A question that the checks asked, or somebody who is no reviewer any more, belongs to nobody,
    so any reviewer may handle it.
    """
    application = moving.lock(application_id, version=version)
    holding.require_unbiased(person, application, now=now)
    asked = application.status == Status.INFO_REQUESTED and holding.is_free(application)
    if application.reviewer_id != person.pk and not asked:
        raise NotYourCase
    return application
