"""Propose the host names that an order leaves open; confirm them, or send them back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Unpack
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications.models import Application
from applications.rules import contact_links, possible_actions
from applications.services import transition
from applications.services.applicant import contact_links as contact_links_applicant
from applications.services.applicant.answers import add_words
from applications.services.applicant.csr import refusals_on_record, require_unused_key, spend_upload
from applications.services.applicant.drafts import replace_host_names
from applications.services.applicant.identified import Signature, require_part
from applications.services.applicant.submission import freeze
from applications.workflow import Action, Role, promise
from certportal.foundation.actors import Actor
from certportal.foundation.web import limits

MOST_PROPOSALS_A_DAY = 20
"""For one order, by all holders of links to it, because the applicant gets a mail about each."""


@refusals_on_record
def propose_names(
    application_id: UUID,
    csr_id: UUID,
    *,
    names: Sequence[str],
    role: Role,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Attach the request with the host names to be certified, for the applicant to confirm.

    Until then they can be replaced by another request and other names. Counts as an upload, and
    against a daily limit for the order, because the applicant is mailed each time. Raises TooMany,
    and what `attach_csr` raises.
    """
    # Before the transaction, so that refused attempts are counted too.
    spend_upload(application_id, actor=actor, now=now)
    day, order = timedelta(days=1), str(application_id)
    limits.spend("proposal", order, most=MOST_PROPOSALS_A_DAY, per=day, now=now)
    with transaction.atomic():
        application = transition.lock(application_id, version=version)
        require_part(application, actor, now=now)
        possible_actions.require(Action.PROPOSE_NAMES, application, role, now=now)
        chosen = application.csrs.get(pk=csr_id)
        require_unused_key(application, chosen)
        replace_host_names(application, list(names))
        return transition.move(
            application,
            Action.PROPOSE_NAMES,
            actor,
            now,
            role=role,
            with_mail=role != Role.APPLICANT,
            data={"csr": chosen.sha256},
            csr=chosen,
            findings=[],
        )


@refusals_on_record
@transaction.atomic
def confirm_names(
    application_id: UUID,
    *,
    version: int,
    actor: Actor,
    now: datetime,
    **signature: Unpack[Signature],
) -> Application:
    """Freeze the order with its host names and send it to the checks; the promised day is set.

    Raises what `submit` raises.
    """
    application = transition.take(Action.CONFIRM_NAMES, application_id, version=version, now=now)
    submission = freeze(application, signature, now=now)
    return transition.move(
        application,
        Action.CONFIRM_NAMES,
        actor,
        now,
        data={"submission": submission.sha256},
        submission=submission,
        completed_at=now,
        due_on=promise.due_on(now),
    )


@transaction.atomic
def return_names(
    application_id: UUID, *, text: str, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Send the names back to the technical contact with the reason, to be proposed again.

    Raises Changed, NotPossible, and TooMany: each time the holders of links are mailed.
    """
    application = transition.take(Action.RETURN_NAMES, application_id, actor, version, now=now)
    add_words(application, text, person, now)
    moved = transition.move(application, Action.RETURN_NAMES, actor, now, csr=None)
    to = contact_links.mailable_holders(moved)
    contact_links_applicant.send_links(moved, actor=actor, now=now, to=to)
    contact_links_applicant.spend_sent([moved], actor=actor, now=now, to=to)
    return moved
