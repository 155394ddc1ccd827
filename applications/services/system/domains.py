"""Control of domains by DNS: store the results of lookups, and use them as evidence."""

from contextlib import suppress
from datetime import datetime, timedelta
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
from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits

ACTOR = system("domain control")
# Evidence may be added before the decision; afterwards it is not changed.
UNDECIDED = {Status.CHECKING, Status.IN_REVIEW}
MOST_SECONDS, PER = 40, timedelta(hours=1)
"""How long an organisation's domains may be looked up before review: whoever makes their name
servers slow must not occupy the workers of all, nor delay the heartbeats that wait behind these."""


@transaction.atomic
def store_lookup(organisation_id: UUID, host: str, look: Look, *, now: datetime) -> None:
    """Store the result of a DNS lookup for a host of the organisation.

    An earlier proof ends when the record is absent, but not when no resolver answers.
    """
    organisation = Organisation.objects.get(pk=organisation_id)
    is_proven = look.outcome is Outcome.PROVEN
    if not is_proven and look.outcome is not Outcome.UNANSWERED:
        domains.covering(organisation_id, host).update(proven_at=None)
    values: dict[str, Any] = {"looked_at": now, "outcome": look.outcome}
    result = {
        "place": look.place,
        "record": look.record,
        "subdomains": is_proven and look.subdomains,
        "is_secure": look.is_secure,
        "caa": look.caa,
        "resolvers": look.resolvers,
        "proven_at": now if is_proven else None,
    }
    if look.outcome is not Outcome.UNANSWERED:
        values |= result
    domain, _made = Domain.objects.update_or_create(
        organisation=organisation,
        name=host,
        defaults=values,
        create_defaults=values | {"asked_at": now},
    )
    name = ApplicationEvent.DOMAIN_LOOKED_UP
    events.record(name, domain, ACTOR, now, outcome=look.outcome, secure=look.is_secure)


def seconds_left_to_look(organisation_id: UUID, *, now: datetime) -> int:
    """Return for how many seconds more the organisation's domains may be looked up now."""
    subject = [str(organisation_id)]
    return limits.left_of("domain_seconds", subject, most=MOST_SECONDS, per=PER, now=now)


def count_seconds_of_looks(organisation_id: UUID, seconds: float, *, now: datetime) -> None:
    """Count how long the organisation's lookups took; quick ones do not count."""
    subject, uses = str(organisation_id), round(seconds)
    if uses:
        with suppress(TooMany):  # then the next ones are not looked up
            limits.spend("domain_seconds", subject, most=MOST_SECONDS, per=PER, now=now, uses=uses)


@transaction.atomic
def use_proofs(application_id: UUID, *, now: datetime) -> list[HostName]:
    """Record DNS proofs as evidence for host names of the order that have none; return these.

    Evidence recorded by a reviewer is not changed.
    """
    application = transition.lock(application_id)
    if application.status not in UNDECIDED or not application.kind.has_host_names:
        return []
    hosts, organisation = domains.unproven(application), application.organisation_id
    names = domains.proven(organisation, [host.name for host in hosts], now=now)
    proven = [host for host in hosts if host.name in names and _use(application, host, now)]
    if proven:
        transition.save(application, now=now)
    return proven


def _use(application: Application, host: HostName, now: datetime) -> bool:
    proof = domains.proof(application.organisation_id, host.name, now=now)
    if proof is None:
        return False
    _set(host, HostName.Evidence.DNS, proof.record[:300], now)
    data: dict[str, Any] = {"host": host.pk, "by": HostName.Evidence.DNS.value, "domain": proof.pk}
    events.record(ApplicationEvent.SET_EVIDENCE, application, ACTOR, now, **data)
    return True


def drop_evidence(application: Application, host: str, *, now: datetime) -> None:
    """Remove evidence from DNS that no longer exists from the host name of a locked order."""
    for host_name in domains.rest_on_dns(application.host_names.filter(name=host)):
        _set(host_name, "", "", None)
        events.record(ApplicationEvent.DROP_EVIDENCE, application, ACTOR, now, host=host_name.pk)


def _set(host: HostName, evidence: str, note: str, at: datetime | None) -> None:
    host.evidence, host.evidence_note, host.evidenced_at, host.evidenced_by = (
        evidence,
        note,
        at,
        None,
    )
    host.save(update_fields=["evidence", "evidence_note", "evidenced_at", "evidenced_by"])
