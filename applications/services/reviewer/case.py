"""What a reviewer does with a case before the decision."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from accounts.weak_evidence import usual_end
from applications.errors import NotPossible, require_reasons
from applications.models import Application, HostName, InformationRequest
from applications.rules import domains, promise_pause
from applications.rules.waivers import host_declared, still_found
from applications.services import transition
from applications.services.applicant.answers import close_unanswered, replace_unanswered
from applications.services.reviewer import hearing_documents, waivers
from applications.services.reviewer.may_act import take
from applications.services.reviewer.ready_reasons import count_used
from applications.workflow import Action, ApplicationEvent
from certportal.foundation import clock, events, working_days
from certportal.foundation.actors import Actor
from issuance import services as authority

FREE: dict[str, Any] = {"reviewer": None, "claimed_at": None, "aside_until": None}
"""The fields of a case that nobody holds."""


@transaction.atomic
def claim(
    application_id: UUID, *, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Claim the case for the reviewer; the CA then prepares its certificate.

    Raises OwnOrganisation, OwnOrganisationLately, NotPossible when another reviewer has it,
    BeingPrepared and PreparedAlready.
    """
    application = take(Action.CLAIM, application_id, person, version, now=now)
    fields = FREE | {"reviewer": person, "claimed_at": now}
    return transition.move(application, Action.CLAIM, actor, now, **fields)


@transaction.atomic
def release(
    application_id: UUID, *, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Return the case to the queue, and void what was prepared. Raises NotYourCase, Changed."""
    application = take(Action.RELEASE, application_id, person, version, now=now)
    authority.void(application.pk, "released", actor=actor, now=now)
    return transition.move(application, Action.RELEASE, actor, now, **FREE)


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
    """Choose the shortenings of names that are too long; the CA prepares the certificate again.

    Raises NotYourCase, Changed, NotPossible.
    """
    application = take(Action.CHOOSE_NAMES, application_id, person, version, now=now)
    # The earlier prepared certificate must not be approved before the new one is prepared.
    authority.void(application.pk, "names_chosen", actor=actor, now=now)
    fields: dict[str, Any] = {"organisation_chosen": organisation, "unit_chosen": unit}
    return transition.move(application, Action.CHOOSE_NAMES, actor, now, **fields)


@transaction.atomic
def set_evidence(
    application_id: UUID,
    *host_name_ids: int,
    evidence: HostName.Evidence,
    note: str,
    ends_on: date | None = None,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Record the same evidence that the applicant administers each of the host names.

    The applicant's declaration alone is the weakest evidence: it needs reasons in `note`, the
    approval of a second reviewer (`rules.approvals_needed`), and is enough only until the end
    of the day `ends_on`, by default for the usual time of a waiver. Other evidence has no end.
    Raises ReasonsMissing, EndOutOfRange, NotYourCase, Changed.
    """
    if evidence == HostName.Evidence.DECLARED:
        require_reasons(note)
    # Evidence is recorded when the names are chosen: in review, by who holds the case.
    application = take(Action.CHOOSE_NAMES, application_id, person, version, now=now)
    hosts = list(application.host_names.filter(pk__in=host_name_ids))
    seen = _Evidence(evidence, note, ends_on or usual_end(now))
    recorded = [_record_evidence(application, host, seen, person, now) for host in hosts]
    transition.save(application, now=now, findings=still_found(application))
    if any(is_new for is_new, _data in recorded):
        waivers.start_over(application, reason=waivers.EVIDENCE_CHANGED, actor=actor, now=now)
    for _is_new, data in recorded:
        events.record(ApplicationEvent.SET_EVIDENCE, application, actor, now, **data)
    return application


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Evidence for host names; `ends_on` applies only to a declaration."""

    kind: HostName.Evidence
    note: str
    ends_on: date


def _record_evidence(
    application: Application, host: HostName, seen: _Evidence, person: Person, now: datetime
) -> tuple[bool, dict[str, Any]]:
    """Record the evidence for a host name; return whether it voids approvals, and the event's data.

    Evidence that the service found in the DNS stays as it is if a reviewer saves it unchanged: it
    is looked up again before signing.
    """
    is_same = (host.evidence, host.evidence_note) == (seen.kind, seen.note)
    if is_same and domains.rest_on_dns([host]):
        return False, {"host": host.pk, "by": seen.kind}
    host.evidence, host.evidence_note = seen.kind, seen.note
    host.evidenced_at, host.evidenced_by = now, person
    host.save(update_fields=["evidence", "evidence_note", "evidenced_at", "evidenced_by"])
    finding, data = host_declared(host.name), {"host": host.pk, "by": seen.kind}
    if seen.kind != HostName.Evidence.DECLARED:
        waivers.replace(application, finding, person=person, now=now)
        return not is_same, data
    waiver = waivers.give(application, finding, seen.note, seen.ends_on, person=person, now=now)
    return True, data | waivers.data_of(waiver)


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
