"""For which host names a record found in the DNS is evidence, and for how long."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from applications.models import Application, Domain, HostName
from applications.rules import domain_record
from applications.workflow import Status
from certportal.foundation import clock

NOT_PROVEN = "order.domain_not_proven"
"""The finding that a DNS record on which the certificate rests no longer exists."""


def in_use() -> bool:
    """Return whether control of domains is proven by DNS: the operator has configured resolvers."""
    return bool(settings.DOMAIN_CONTROL["resolvers"])


def issuer() -> str:
    """Return the authority's name in the record, such as "dvv.fi"."""
    return str(settings.DOMAIN_CONTROL["issuer"])


def lasts() -> timedelta:
    """Return how long a record found once is evidence for new orders without another lookup."""
    return timedelta(days=settings.DOMAIN_CONTROL["days"])


def covering(organisation_id: UUID, host: str) -> QuerySet[Domain]:
    """Return the organisation's domains whose record, if found, proves control of the host.

    These are the host itself, and parents whose record includes subdomains.
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

    `since`: the record must have been found after this time.
    """
    domains = _proofs(covering(organisation_id, host), now)
    if since:
        domains = domains.filter(proven_at__gt=since)
    return next((domain for domain in domains.order_by("-proven_at") if _lasts(domain, now)), None)


def _proofs(domains: QuerySet[Domain], now: datetime) -> QuerySet[Domain]:
    return domains.filter(proven_at__range=clock.recently(lasts(), now=now))


def proven(organisation_id: UUID, hosts: Iterable[str], *, now: datetime) -> set[str]:
    """Return those of the hosts for which the organisation has a proof, with one query."""
    names_of = {host: _places(host) for host in hosts}
    places = {place for names in names_of.values() for place in names}
    covers = Q(name__in=list(names_of)) | Q(place__in=places, subdomains=True)
    rows = Domain.objects.filter(covers, organisation=organisation_id)
    valid = [domain for domain in _proofs(rows, now) if _lasts(domain, now)]
    exact = {domain.name for domain in valid}
    above = {domain.place for domain in valid if domain.subdomains}
    return {host for host, names in names_of.items() if host in exact or above.intersection(names)}


def with_proofs(
    listed: Sequence[Domain], seen: QuerySet[Domain], *, now: datetime
) -> list[tuple[Domain, Domain]]:
    """Return each of the domains with the one of those `seen` that proves it, or itself."""
    places = {place for one in listed if not one.proven_at for place in _places(one.name)}
    above = _proofs(seen.filter(place__in=places, subdomains=True), now)
    newest = above.order_by("place", "-proven_at").distinct("place")
    proofs = {one.place: one for one in newest if _lasts(one, now)}
    return [(one, one if one.proven_at else _proof_above(one, proofs)) for one in listed]


def _proof_above(domain: Domain, proofs: Mapping[str, Domain]) -> Domain:
    places = _places(domain.name)
    return next((proofs[place] for place in places if place in proofs), domain)


def _lasts(domain: Domain, now: datetime) -> bool:
    """Return whether the record's own last day (`until`) has not passed."""
    outcome, _record = domain_record.judge(
        [domain.record],
        issuer=issuer(),
        organisation_id=domain.organisation_id,
        is_above=False,
        on=clock.day(now),
    )
    return outcome is domain_record.Outcome.PROVEN


def rest_on_dns(hosts: Iterable[HostName]) -> list[HostName]:
    """Return the host names whose evidence is a DNS record found by the service."""
    return [
        host
        for host in hosts
        if host.evidence == HostName.Evidence.DNS and host.evidenced_by_id is None
    ]


def waiting_for_proof(organisation_id: UUID) -> list[UUID]:
    """Return the keys of the organisation's orders in review with a host name without evidence."""
    waiting = Application.objects.filter(
        organisation=organisation_id, status=Status.IN_REVIEW, host_names__evidence=""
    )
    return list(waiting.distinct().values_list("pk", flat=True))


def unproven(application: Application) -> list[HostName]:
    """Return the host names of an order that have no evidence yet."""
    return [host for host in application.host_names.all() if not host.evidence]
