"""When a certificate is renewed, so that no reminder is needed any more, and by which orders."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import (
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from applications.models import Application, HostName, ReplacementItem
from applications.models.certificate_types import Purpose
from applications.workflow import OPEN_CASES, Status
from certportal.foundation.database.combined_queries import Asks, Question, Rows, compiled_for
from issuance.models import Certificate

ISSUED = (Status.ISSUED, Status.DELIVERED)
"""The statuses of orders that have their certificate."""


def is_renewed(application: Application, certificate: Certificate) -> bool:
    """Return whether another order's certificate makes this one unnecessary (`renewed_of`)."""
    return certificate.pk in renewed_of([(application, certificate)])


SERVING = ("organisation", "type", "record_oid", "system_oid", "certified_email", "purpose")
"""The columns of an order that tell whether its certificate can be used in place of another."""


def renewed_of(pairs: Iterable[tuple[Application, Certificate]]) -> set[int]:
    """Return the keys of the certificates that another order's certificate makes unnecessary.

    Such a certificate was issued by a mass replacement, or is valid longer and of the same
    organisation, type and unit, with at least the same purpose of use and host names or for the
    same information system and mailbox. The number of queries does not depend on the number of
    pairs.
    """
    certified = list(pairs)
    if not certified:
        return set()
    replaced = ReplacementItem.objects.filter(
        certificate__in=[certificate for _, certificate in certified],
        state=ReplacementItem.State.ISSUED,
    )
    done = set(replaced.values_list("certificate_id", flat=True))
    others: defaultdict[Hashable, list[Any]] = defaultdict(list)
    for other in _perhaps_renewing([each for each, _certificate in certified]):
        for name in _named(other):
            others[name].append(other)
    return done | {
        certificate.pk
        for order, certificate in certified
        for other in others.get(next(iter(_named(order)), None), ())
        if other.until > certificate.not_after and _serves(other, order)
    }


def _named(order: Application) -> Sequence[Hashable]:
    """Return what the order's certificate names: its hosts, or the system and mailbox."""
    if order.kind.has_host_names:
        return order.names
    return [(order.system_oid, order.certified_email)]


def _perhaps_renewing(orders: Sequence[Application]) -> list[Any]:
    """Return orders for the same names as any of these, with `until`: their latest expiry."""
    certificates = Certificate.objects.filter(
        reference=OuterRef("pk"), state=Certificate.State.ISSUED
    )
    ends = Subquery(certificates.order_by("-not_after").values("not_after")[:1])
    renewing = Application.objects.filter(
        _named_like(orders),
        organisation__in={order.organisation_id for order in orders},
        status__in=ISSUED,
    ).annotate(until=ends)
    return list(renewing.exclude(until=None).only(*SERVING).prefetch_related("host_names"))


def _named_like(orders: Sequence[Application]) -> Q:
    """Return the condition for orders with the first name, or the system and mailbox, of any."""
    hosts = HostName.objects.filter(name__in={name for order in orders for name in order.names[:1]})
    alike = Q(pk__in=hosts.values("application"))
    for system, email in {
        (order.system_oid, order.certified_email)
        for order in orders
        if not order.kind.has_host_names
    }:
        alike |= Q(system_oid=system, certified_email=email)
    return alike


def _serves(other: Application, order: Application) -> bool:
    """Return whether the other order's certificate can be used in place of the order's."""
    columns = ["organisation_id", "type", "record_oid"]
    if not order.kind.has_host_names:
        columns += ["system_oid", "certified_email"]
    is_alike = all(getattr(other, name) == getattr(order, name) for name in columns)
    return is_alike and other.pk != order.pk and _covers(other, order)


def _covers(other: Application, order: Application) -> bool:
    """Return whether the other order has all host names of the order, and its purpose of use."""
    purposes = {order.purpose, Purpose.BOTH.value}
    return other.purpose in purposes and set(order.names) <= set(other.names)


def renewed(
    application: Application, certificate: Certificate, *, now: datetime
) -> list[Application]:
    """Return the orders whose certificates in force the order's certificate makes redundant.

    They end earlier, or on the same day and were issued earlier, as when a key was lost at once.
    """
    covered = {str(order.pk): order for order in _alike(application) if _covers(application, order)}
    in_force = Certificate.objects.filter(Certificate.in_force(now), reference__in=covered)
    ends = certificate.not_after
    earlier = Q(not_after__lt=ends) | Q(not_after=ends, issued_at__lt=certificate.issued_at)
    shorter = in_force.filter(earlier).order_by("not_after")
    return [covered[str(ending.reference)] for ending in shorter]


def replacing(application: Application, certificate: Certificate) -> list[Application]:
    """Return the orders whose certificates replaced the order's in a mass replacement or renew it.

    Those that renew it are valid longer, for the same names and purpose.
    """
    made = ReplacementItem.objects.filter(certificate=certificate).values("reference")
    replaced = Application.objects.filter(pk__in=made, status__in=ISSUED).order_by("number")
    return list(dict.fromkeys([*replaced, *renewed_by(application)]))


def renewed_by(application: Application) -> list[Application]:
    """Return the organisation's orders whose certificates, valid longer, serve in place of this
    one's: for the same unit and at least the same names and purpose.
    """
    if application.status not in ISSUED:
        return []
    return [order for order in valid_longer(application) if _covers(order, application)]


@Question
def valid_longer(application: Application) -> Asks[list[Application]]:
    """Return the orders with one of the names whose certificates are valid longer, by number."""
    if application.kind.has_host_names:
        return _sharing_host(application.pk, application.organisation_id), list
    named = Application.objects.filter(
        system_oid=application.system_oid, certified_email=application.certified_email
    )
    return _longer(named, application.pk, application.organisation_id), list


@compiled_for(UUID(int=1), UUID(int=2))
def _sharing_host(reference: UUID, organisation: UUID) -> Rows:
    names = HostName.objects.filter(application=reference).values("name")
    sharing = HostName.objects.filter(name__in=names).values("application")
    return _longer(Application.objects.filter(pk__in=sharing), reference, organisation)


def _longer(orders: QuerySet[Application], reference: UUID, organisation: UUID) -> Rows:
    """Return the query for those of the orders of the same type and unit, valid longer."""
    order = Application.objects.filter(pk=reference)
    ends = Certificate.objects.filter(reference=reference).values("not_after")[:1]
    issued = Certificate.objects.filter(reference=OuterRef("pk"), state=Certificate.State.ISSUED)
    return Rows(
        orders.filter(
            Exists(issued.filter(not_after__gt=Subquery(ends))),
            organisation=organisation,
            type=Subquery(order.values("type")[:1]),
            record_oid=Subquery(order.values("record_oid")[:1]),
            status__in=ISSUED,
        )
        .exclude(pk=reference)
        .order_by("number")
    )


def under_way(
    application: Application, seen: QuerySet[Application], *, earlier: bool = False
) -> list[Application]:
    """Return the open orders among `seen`, begun later for the same names, which may renew the
    certificate; with `earlier`, also those begun before this one.

    Includes drafts whose mailbox is not proven yet, because they may be for the same mailbox.
    """
    alike = _alike(application, [Status.DRAFT, *OPEN_CASES], or_unproven=True).filter(pk__in=seen)
    if not earlier:
        alike = alike.filter(created_at__gt=application.created_at)
    return [order for order in alike.order_by("created_at") if _covers(order, application)]


def begun_for(
    orders: Sequence[Application], seen: QuerySet[Application], *, earlier: bool = False
) -> dict[UUID, Application]:
    """Return, by key, the first open order that may renew each, as `under_way` does.

    `seen`: the orders among which it is. For orders of certificates without a mailbox. The number
    of queries does not depend on theirs.
    """
    begun = seen.filter(_named_like(orders), status__in=[Status.DRAFT, *OPEN_CASES])
    others: defaultdict[Hashable, list[Application]] = defaultdict(list)
    for other in begun.order_by("-created_at").prefetch_related("host_names"):
        for name in _named(other):
            others[name].append(other)
    return {
        order.pk: other
        for order in orders
        for other in others.get(next(iter(_named(order)), None), ())
        if (earlier or other.created_at > order.created_at) and _serves(other, order)
    }


def _alike(
    application: Application, statuses: Iterable[Status] = ISSUED, *, or_unproven: bool = False
) -> QuerySet[Application]:
    """Return the organisation's other orders of this type and unit, by default those issued.

    `or_unproven`: also those that name no mailbox yet.
    """
    alike = Application.objects.filter(
        organisation=application.organisation_id,
        type=application.type,
        record_oid=application.record_oid,
        status__in=list(statuses),
    ).exclude(pk=application.pk)
    if not application.kind.has_host_names:
        mailboxes = {application.certified_email, *([""] if or_unproven else [])}
        alike = alike.filter(system_oid=application.system_oid, certified_email__in=mailboxes)
    return alike.prefetch_related("host_names")
