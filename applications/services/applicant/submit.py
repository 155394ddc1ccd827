"""Submit an application, which legally binds the organisation."""

from datetime import datetime
from typing import Unpack
from uuid import UUID

from django.db import transaction

from applications.models import Application
from applications.services import transition
from applications.services.applicant import contact_links
from applications.services.applicant.csr import refusals_on_record
from applications.services.applicant.identified import Signature
from applications.services.applicant.submission import freeze
from applications.workflow import Action, promise
from certportal.foundation.actors import Actor


@refusals_on_record
@transaction.atomic
def submit(
    application_id: UUID,
    *,
    version: int,
    actor: Actor,
    now: datetime,
    **signature: Unpack[Signature],
) -> Application:
    """Freeze the application as a submission and send it to the checks, or to wait for a CSR.

    Raises Changed (so that a double click sends it only once), NotPossible, what `freeze` raises,
    and TooMany if the person has caused too many mails with links.
    """
    application = transition.take(Action.SUBMIT, application_id, version=version, now=now)
    sent = send(application, signature, actor=actor, now=now)
    contact_links.spend_sent([sent], actor=actor, now=now)
    return sent


def send(
    application: Application,
    signature: Signature,
    *,
    with_mail: bool = True,
    actor: Actor,
    now: datetime,
) -> Application:
    """Freeze and send the locked draft; `with_mail`: mail its receipt and its links.

    Raises what `freeze` raises.
    """
    submission = freeze(application, signature, now=now)
    complete = application.csr_id is not None
    moved = transition.move(
        application,
        Action.SUBMIT if complete else Action.SUBMIT_WITHOUT_CSR,
        actor,
        now,
        with_mail=with_mail,
        data={"submission": submission.sha256},
        submission=submission,
        submitted_at=now,
        language=signature["language"],
        completed_at=now if complete else None,
        due_on=promise.due_on(now) if complete else None,
    )
    # The technical contact attaches the request or later gets the certificate by the link.
    contact_links.send_links(moved, actor=actor, now=now, with_mail=with_mail)
    return moved
