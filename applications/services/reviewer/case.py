"""What a reviewer does with a case before the decision."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from accounts.weak_evidence import usual_end
from applications.errors import require_reasons
from applications.models import Application, HostName
from applications.rules import domains
from applications.rules.waivers import host_declared, still_found
from applications.services import transition
from applications.services.reviewer import waivers
from applications.services.reviewer.may_act import take
from applications.workflow import Action, ApplicationEvent
from certportal.foundation import events
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
