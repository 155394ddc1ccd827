"""What a record found in the DNS is evidence for, and how long."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from applications.models import Application, Domain, HostName
from applications.rules import domain_record
from applications.rules.domain_record import Outcome
from applications.workflow import Status
from certportal.foundation import clock

NOT_PROVEN = "order.domain_not_proven"
"""The finding that a record which the certificate rests on is there no more."""


def in_use() -> bool:
    """Whether the operator has named resolvers, so that control of domains is proven by DNS."""
    return bool(settings.DOMAIN_CONTROL["resolvers"])


def issuer() -> str:
    """Return the name of the authority in the record."""
    return str(settings.DOMAIN_CONTROL["issuer"])


def lasts() -> timedelta:
    """How long a record once found is evidence for new orders, without another look."""
    return timedelta(days=settings.DOMAIN_CONTROL["days"])


def covering(organisation_id: UUID, host: str) -> QuerySet[Domain]:
    """Return the organisation's domains whose record, while it stands, counts for the host.

    That is the host itself, and those whose record counts for subdomains of a name above it.
    """
    covers = Q(name=host) | Q(place__in=_places(host), subdomains=True)
    return Domain.objects.filter(covers, organisation=organisation_id)


def _places(host: str) -> list[str]:
    """Return the host and every name above it."""
    labels = host.split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]


def proof(
    organisation_id: UUID, host: str, *, now: datetime, since: datetime | None = None
) -> Domain | None:
    """Return the organisation's newest proof that covers the host, or None.

    `since`: the record must have been found after this moment.
    """
    earliest = max(now - lasts(), since) if since else now - lasts()
    found = covering(organisation_id, host).filter(proven_at__gt=earliest)
    return next((one for one in found.order_by("-proven_at") if _lasts(one, now)), None)


def proven(organisation_id: UUID, hosts: Iterable[str], *, now: datetime) -> set[str]:
    """Return those of the hosts for which the organisation has a proof, with one query."""
    wanted = {host: _places(host) for host in hosts}
    places = {place for each in wanted.values() for place in each}
    covers = Q(name__in=list(wanted)) | Q(place__in=places, subdomains=True)
    found = Domain.objects.filter(covers, organisation=organisation_id, proven_at__gt=now - lasts())
    standing = [one for one in found if _lasts(one, now)]
    names = {one.name for one in standing}
    above = {one.place for one in standing if one.subdomains}
    return {host for host, each in wanted.items() if host in names or above.intersection(each)}


def _lasts(domain: Domain, now: datetime) -> bool:
    """Whether the last day that the record itself names has not passed."""
    outcome, _record = domain_record.judge(
        [domain.record],
        issuer=issuer(),
        organisation_id=domain.organisation_id,
        is_above=False,
        on=clock.day(now),
    )
    return outcome is Outcome.PROVEN


def rest_on_dns(hosts: Iterable[HostName]) -> list[HostName]:
    """Return the host names whose evidence is a record that the service itself found."""
    return [
        one
        for one in hosts
        if one.evidence == HostName.Evidence.DNS and one.evidenced_by_id is None
    ]


def waiting_for_proof(organisation_id: UUID) -> list[UUID]:
    """Return the keys of the organisation's orders in review with a host name without evidence."""
    waiting = Application.objects.filter(
        organisation=organisation_id, status=Status.IN_REVIEW, host_names__evidence=""
    )
    return list(waiting.distinct().values_list("pk", flat=True))


def unproven(application: Application) -> list[HostName]:
    """Return the host names of an order that have no evidence yet."""
    return [one for one in application.host_names.all() if not one.evidence]
