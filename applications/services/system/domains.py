"""Control of domains by DNS: keep what a look found, and use it as evidence for orders."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Organisation
from applications.models import Application, Domain, HostName
from applications.rules import domains
from applications.rules.domain_record import Look, Outcome
from applications.services import transition
from applications.workflow import ApplicationEvent, Status
from certportal.foundation import events
from certportal.foundation.actors import system

ACTOR = system("domain control")
# Before a decision evidence may come; what was decided on is not changed.
OPEN = {Status.CHECKING, Status.IN_REVIEW}


@transaction.atomic
def keep_look(organisation_id: UUID, host: str, found: Look, *, now: datetime) -> None:
    """Keep what a look in the DNS found for one host of the organisation.

    A proof found earlier is over once the record is not there; not because nobody answers.
    """
    organisation = Organisation.objects.get(pk=organisation_id)
    is_proven = found.outcome is Outcome.PROVEN
    if not is_proven and found.outcome is not Outcome.UNANSWERED:
        domains.covering(organisation_id, host).update(proven_at=None)
    values: dict[str, Any] = {"looked_at": now, "outcome": found.outcome}
    seen = {
        "place": found.place,
        "record": found.record,
        "subdomains": is_proven and found.subdomains,
        "is_secure": found.is_secure,
        "caa": found.caa,
        "resolvers": found.resolvers,
        "proven_at": now if is_proven else None,
    }
    if found.outcome is not Outcome.UNANSWERED:
        values |= seen
    domain, _made = Domain.objects.update_or_create(
        organisation=organisation,
        name=host,
        defaults=values,
        create_defaults=values | {"asked_at": now},
    )
    events.record(
        ApplicationEvent.DOMAIN_LOOKED_UP,
        domain,
        ACTOR,
        now,
        outcome=found.outcome,
        secure=found.is_secure,
    )


@transaction.atomic
def use_proofs(application_id: UUID, *, now: datetime) -> list[HostName]:
    """Record the proofs there are as evidence for the order's names that have none; return these.

    A reviewer's own evidence is not touched.
    """
    application = transition.lock(application_id)
    if application.status not in OPEN or not application.kind.has_host_names:
        return []
    given = [one for one in domains.unproven(application) if _use(application, one, now)]
    if given:
        transition.save(application, now=now)
    return given


def _use(application: Application, host: HostName, now: datetime) -> bool:
    found = domains.proof(application.organisation_id, host.name, now=now)
    if found is None:
        return False
    _set(host, HostName.Evidence.DNS, found.record[:300], now)
    events.record(
        ApplicationEvent.SET_EVIDENCE,
        application,
        ACTOR,
        now,
        host=host.pk,
        by=HostName.Evidence.DNS.value,
        domain=found.pk,
    )
    return True


def drop_evidence(application: Application, host: str, *, now: datetime) -> None:
    """Take back, on a locked order, evidence that the service found and that is there no more."""
    for one in domains.rest_on_dns(application.host_names.filter(name=host)):
        _set(one, "", "", None)
        events.record(ApplicationEvent.SET_EVIDENCE, application, ACTOR, now, host=one.pk, by="")


def _set(host: HostName, evidence: str, note: str, at: datetime | None) -> None:
    host.evidence, host.evidence_note, host.evidenced_at, host.evidenced_by = (
        evidence,
        note,
        at,
        None,
    )
    host.save(update_fields=["evidence", "evidence_note", "evidenced_at", "evidenced_by"])
