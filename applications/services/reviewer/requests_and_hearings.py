"""Requests for information from the applicant, and hearings before a rejection."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications.errors import NotPossible, require_reasons
from applications.models import Application, InformationRequest
from applications.rules import promise_pause
from applications.services import transition
from applications.services.applicant.answers import close_unanswered, replace_unanswered
from applications.services.reviewer import hearing_documents
from applications.services.reviewer.may_act import take
from applications.services.reviewer.ready_reasons import count_used
from applications.workflow import Action
from certportal.foundation import clock, working_days
from certportal.foundation.actors import Actor
from issuance import services as authority


@transaction.atomic
def request_info(
    application_id: UUID,
    *,
    reason: str,
    sections: list[str],
    deadline: date,
    wanted: str = "",
    material: str = "",
    is_hearing: bool = False,
    used: Collection[int] = (),
    documents: Collection[int] = (),
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Request information from the applicant (hallintolaki 22 §), or hear them (34 §).

    `sections` are the ids of the parts of the form to reopen; `wanted` names documents to attach to
    the answer, one on each line; `deadline` is the last day to answer; `used` are the keys of the
    ready-made reasons in the text. In a hearing, `sections` may be empty, `material` says what the
    rejection would be based on, and `documents` are the keys of documents attached to it
    (`attach_to_hearing`) that are sent with it. A hearing replaces a request that was not answered
    in time, and takes over the unsent reply to it with its documents. The working days left until
    the promised day are stored and continue after the answer. A deadline that is no working day
    moves to the next one (act 150/1930, 5 §). Raises ReasonsMissing, NotYourCase, Changed,
    NotPossible, DeadlineOpen.
    """
    require_reasons(reason)
    if is_hearing:
        require_reasons(material)
    action = Action.HEAR if is_hearing else Action.REQUEST_INFO
    application = take(action, application_id, person, version, now=now)
    authority.void(application.pk, "information_requested", actor=actor, now=now)
    reply = replace_unanswered(application, actor=actor, now=now)
    text = {"reason": reason, "wanted": wanted, "material": material, "reply_draft": reply}
    deadline = working_days.working_day(deadline)
    details: dict[str, Any] = {"fields": sections, "deadline": deadline, "is_hearing": is_hearing}
    request = InformationRequest.objects.create(
        application=application, reviewer=person, asked_at=now, **text, **details
    )
    count_used(used)
    data: dict[str, Any] = {"sections": sections, "deadline": deadline.isoformat()}
    if is_hearing:
        data["documents"] = hearing_documents.send(request, documents, actor=actor, now=now)
    changes = {"aside_until": None, **promise_pause.paused(application, now)}
    return transition.move(application, action, actor, now, data=data, **changes)


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
    """Give the applicant more time to answer; the promise is paused again meanwhile.

    The deadline moves as in `request_info`. Raises NotPossible unless it is after the present one
    and after today: in the past, it would give no time, and the promise would resume late.
    """
    application = take(Action.EXTEND_DEADLINE, application_id, person, version, now=now)
    request, deadline = application.requests.get(closed_at=None), working_days.working_day(deadline)
    if deadline <= max(request.deadline, clock.day(now)):
        raise NotPossible
    request.deadline = deadline
    request.save(update_fields=["deadline"])
    return transition.move(
        application,
        Action.EXTEND_DEADLINE,
        actor,
        now,
        data={"deadline": deadline.isoformat()},
        **promise_pause.paused(application, now),
    )


@transaction.atomic
def cancel_request(
    application_id: UUID, *, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Cancel the open request for information; the working days of the promise continue.

    Raises NotPossible if the applicant has already changed a certified field, or the checks have
    not been run on the present contents.
    """
    application = take(Action.CANCEL_REQUEST, application_id, person, version, now=now)
    close_unanswered(application, cancelled=True, actor=actor, now=now)
    return transition.move(
        application,
        Action.CANCEL_REQUEST,
        actor,
        now,
        completed_at=application.completed_at or now,
        **promise_pause.cancelled(application, now),
    )
