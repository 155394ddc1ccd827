"""Deciding: approve the bytes, reject with reasons, reopen."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.register import queries
from accounts.register.models import RegisterRecord
from applications import contact, holding, promise
from applications.checks import again
from applications.errors import NotYourCase, require_reasons
from applications.models import Application, Decision
from applications.services import contacting, freezing, moving
from applications.signatory import lacks_right
from applications.wording import word
from applications.workflow import Action, Role, Status
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused, Unavailable
from issuance import services as authority
from issuance.models import PreparedCertificate
from issuance.services.approve import refusals_on_record
from issuance.services.errors import NotOpen


class EvidenceMissing(Refused):
    """A host name stands without recorded evidence that the applicant administers it."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _("Record for each host name how you saw that the applicant administers it.")
        )


class RightMissing(Refused):
    """Nobody has confirmed that the sender may act for the organisation."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _("Confirm first that whoever sent the order may act for the organisation.")
        )


class DeadlineOpen(Refused):
    """A case with an open question can be rejected only after the question's deadline."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The applicant still has time to answer."))


class FactsChanged(Refused):
    """What the certificate rests on no longer holds, or nobody can tell just now."""

    def __init__(self, title: str, text: str) -> None:
        """Word it by the finding."""
        super().__init__(f"{title}. {text}")


def approve(
    application_id: UUID,
    *,
    prepared_id: int,
    tbs_sha256: str,
    reauthenticated_at: datetime,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Approve exactly the bytes that were shown; when enough persons have, it goes to be issued."""
    with refusals_on_record(prepared_id, person=person, now=now), transaction.atomic():
        application = _held(application_id, person, version, now, shared=True)
        moving.require(application, Action.APPROVE, Role.REVIEWER)
        if application.host_names.filter(evidence="").exists():
            raise EvidenceMissing
        if lacks_right(application):
            raise RightMissing
        _require_own_bytes(application, prepared_id, now)
        record, changed = _look(application, now)
        if changed:
            raise changed
        state = authority.approve(
            prepared_id,
            person=person,
            reauthenticated_at=reauthenticated_at,
            expected_sha256=tbs_sha256,
            register_record=str(record.pk) if record else "",
            now=now,
        )
        if state.complete:
            _decide(application, Decision.Kind.APPROVED, person, "", now, record)
        return moving.move(
            application,
            Action.APPROVE,
            role=Role.REVIEWER,
            actor=actor,
            now=now,
            to=Status.APPROVED if state.complete else Status.IN_REVIEW,
            data={"tbs_sha256": tbs_sha256, "given": state.given, "wanted": state.wanted},
        )


@transaction.atomic
def reject(
    application_id: UUID,
    *,
    reasons: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Reject with reasons (hallintolaki 44–45 §); an open question's deadline must have passed.

    Raises ReasonsMissing and DeadlineOpen.
    """
    require_reasons(reasons)
    application = _held(application_id, person, version, now)
    moving.require(application, Action.REJECT, Role.REVIEWER)
    request = application.requests.filter(closed_at=None).first()
    if request and request.deadline >= clock.day(now):
        raise DeadlineOpen
    if request:
        request.closed_at = now
        request.save(update_fields=["closed_at"])
    authority.void(application.pk, "rejected", actor=actor, now=now)
    record = _record_now(application, now)
    _decide(application, Decision.Kind.REJECTED, person, reasons, now, record)
    return moving.move(
        application,
        Action.REJECT,
        role=Role.REVIEWER,
        actor=actor,
        now=now,
        ended_at=now,
        due_on=None,
    )


@transaction.atomic
def reopen(
    application_id: UUID,
    *,
    reasons: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Take a rejected or lapsed application up again: correction, accepted appeal.

    Raises ReasonsMissing.
    """
    require_reasons(reasons)
    application = moving.lock(application_id, version=version)
    holding.require_unbiased(person, application, now=now)
    moving.require(application, Action.REOPEN, Role.REVIEWER)
    record = _record_now(application, now)
    _decide(application, Decision.Kind.REOPENED, person, reasons, now, record)
    complete = application.csr_id is not None
    to = contact.welcome(application)  # asked before the end is forgotten, with which links ended
    moved = moving.move(
        application,
        Action.REOPEN,
        role=Role.REVIEWER,
        actor=actor,
        now=now,
        to=Status.CHECKING if complete else Status.AWAITING_CSR,
        ended_at=None,
        reviewer=person if complete else None,
        claimed_at=now if complete else None,
        completed_at=now if complete else None,
        due_on=promise.due_on(now) if complete else None,
    )
    contacting.send_links(moved, actor=actor, now=now, to=to)
    return moved


def _require_own_bytes(application: Application, prepared_id: int, now: datetime) -> None:
    """Refuse bytes that were prepared for another case, from a request or submission replaced
    since (a slow preparation may end after them), or from answers that were never sent.
    """
    assert application.csr is not None and application.submission is not None
    own = PreparedCertificate.objects.filter(
        pk=prepared_id,
        reference=application.pk,
        csr_sha256=application.csr.sha256,
        submission_sha256=application.submission.sha256,
    )
    if not own.exists() or not freezing.is_as_sent(application, now=now):
        raise NotOpen


def facts_changed(application: Application, *, now: datetime) -> FactsChanged | None:
    """Return what the register says otherwise than the certificate, or that it is too old to say.

    Pages show it beforehand; to approve raises it.
    """
    return _look(application, now)[1]


def _look(
    application: Application, now: datetime
) -> tuple[RegisterRecord | None, FactsChanged | None]:
    """Return the very record that was looked at, beside what it says otherwise.

    Asked for apart, it could be a later one: an import may end between two questions.
    """
    try:
        seen = again.look(application, now=now)
    except Unavailable:
        return None, FactsChanged(
            _("The mirror of the register is too old"), _("Try again when it has been renewed.")
        )
    if seen.fault is None:
        return seen.record, None
    worded = word(seen.fault)
    return seen.record, FactsChanged(worded.title, worded.text)


def _held(
    application_id: UUID, person: Person, version: int, now: datetime, *, shared: bool = False
) -> Application:
    """Return the locked case of this reviewer; `shared`: a second approver need not hold it."""
    application = moving.lock(application_id, version=version)
    holding.require_unbiased(person, application, now=now)
    unclaimed = application.reviewer_id is None and application.status == Status.IN_REVIEW
    others = application.reviewer_id != person.pk and not holding.is_free(application)
    if unclaimed or (not shared and others):
        raise NotYourCase
    return application


def _decide(
    application: Application,
    kind: Decision.Kind,
    person: Person,
    reasons: str,
    now: datetime,
    record: RegisterRecord | None,
) -> None:
    submission = application.submission
    assert submission is not None
    Decision.objects.create(
        application=application,
        kind=kind,
        reviewer=person,
        reasons=reasons,
        submission=submission,
        record=record or submission.record,
        at=now,
    )


def _record_now(application: Application, now: datetime) -> RegisterRecord | None:
    """Return the register's record that a decision rests on: as it is known at this moment."""
    today = clock.day(now)
    return queries.standing(application.record_oid, application.record_kind, today).record
