"""The applicant's answers: to a question, or unasked."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications import contact, promise
from applications.models import Addition, Application
from applications.services import contacting, freezing, moving, signing
from applications.workflow import Action, Role
from certportal.foundation import limits
from certportal.foundation.actors import Actor
from issuance import services as authority

MOST_ADDITIONS_A_DAY = 20


@transaction.atomic
def resubmit(
    application_id: UUID,
    *,
    person: Person,
    declarations: list[str],
    language: str,
    identified_at: datetime,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Send the mended application again: frozen anew, checked anew, back to the same reviewer.

    The working days that were left when a reviewer asked count on from the day after; an answer to
    the checks makes the application complete and begins them.
    """
    application = moving.lock(application_id, version=version)
    moving.require(application, Action.RESUBMIT, Role.APPLICANT)
    signing.require(application, person, declarations, identified_at=identified_at, now=now)
    submission = freezing.freeze(
        application, person=person, declared=declarations, language=language, now=now
    )
    application.requests.filter(closed_at=None).update(closed_at=now)
    authority.void(application.pk, "resubmitted", actor=actor, now=now)
    left = application.days_left if application.days_left is not None else promise.WORKING_DAYS
    moved = moving.move(
        application,
        Action.RESUBMIT,
        role=Role.APPLICANT,
        actor=actor,
        now=now,
        data={"submission": submission.sha256},
        submission=submission,
        completed_at=now,
        due_on=promise.due_on(now, left),
        days_left=None,
        findings=[],
    )
    # An answer may name another technical contact, or the first one.
    contacting.send_links(moved, actor=actor, now=now, to=contact.unknown(moved))
    return moved


@transaction.atomic
def add_information(
    application_id: UUID,
    *,
    text: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Add information unasked, or words to the answer of an open question.

    Approvals given before it are void; an open question stays open until the answer is sent.
    Raises TooMany: each addition is a mail to the reviewer who has the case.
    """
    order, day = str(application_id), timedelta(days=1)
    limits.spend("information", order, most=MOST_ADDITIONS_A_DAY, per=day, now=now)
    application = moving.lock(application_id, version=version)
    moving.require(application, Action.ADD_INFORMATION, Role.APPLICANT)
    authority.void(application.pk, "information_added", actor=actor, now=now)
    Addition.objects.create(application=application, person=person, text=text, at=now)
    return moving.move(
        application, Action.ADD_INFORMATION, role=Role.APPLICANT, actor=actor, now=now
    )
