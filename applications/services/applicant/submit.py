"""Submitting: a binding act of an identified person."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications import promise
from applications.models import Application
from applications.services import contacting, freezing, moving, signing
from applications.workflow import Action, Role
from certportal.foundation.actors import Actor


@transaction.atomic
def submit(
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
    """Freeze and send the application; without a CSR it waits for one.

    A second submit of the same page (double click) raises Changed and sends nothing twice.
    """
    application = moving.lock(application_id, version=version)
    moving.require(application, Action.SUBMIT, Role.APPLICANT)
    signing.require(application, person, declarations, identified_at=identified_at, now=now)
    submission = freezing.freeze(
        application, person=person, declared=declarations, language=language, now=now
    )
    complete = application.csr_id is not None
    moved = moving.move(
        application,
        Action.SUBMIT if complete else Action.SUBMIT_WITHOUT_CSR,
        role=Role.APPLICANT,
        actor=actor,
        now=now,
        data={"submission": submission.sha256},
        submission=submission,
        submitted_at=now,
        language=language,
        completed_at=now if complete else None,
        due_on=promise.due_on(now) if complete else None,
    )
    # Whoever is named gets the link: to bring the request, or to fetch the certificate later.
    contacting.send_links(moved, actor=actor, now=now)
    return moved
