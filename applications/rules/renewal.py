"""When a certificate should be renewed: the reminders, and when none is needed any more."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    DurationField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import TruncDate
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from accounts import access, consents
from accounts.models import Person
from applications.models import Application, HostName, ReplacementItem
from applications.models.certificate_types import Purpose
from applications.workflow import OPEN_CASES, ApplicationEvent, Status
from certportal.foundation import clock
from certportal.foundation.combined_queries import Asks, Question, Rows, compiled_for
from certportal.foundation.errors import Refused
from certportal.foundation.models import Event
from issuance.models import Certificate

# When reminders are due, as (days, part): that many days before the last day of validity, or when
# 1/part of the validity period is left, whichever is later. See docs/decisions/reminders.md.
REMINDERS = ((60, 3), (30, 6), (14, 12), (7, 24), (1, 24))
FIRST, TO_ADMINISTRATORS, LAST = 0, 2, -1
"""Indexes of the first reminder, the first one also sent to administrators, and the last."""
ENDED = -1
"""In the place of the days, where a certificate has expired."""
ENDED_LATELY = timedelta(days=7)
"""How long it is told that a certificate has expired, if the service stood still before."""
ISSUED = (Status.ISSUED, Status.DELIVERED)
"""The statuses of orders that have their certificate."""


class NotInForce(Refused):
    message = _("There is no certificate in force here.")


class TooEarly(Refused):
    message = _("It is too early for this: the certificate is not about to expire yet.")


@dataclass(frozen=True, slots=True)
class Seen:
    """The name of the person who takes care of the renewal, and since when."""

    who: str
    at: datetime


def ends_soon(certificate: Certificate, now: datetime) -> bool:
    """Return whether a new certificate should be ordered: from the day of the first reminder.

    Mails, pages and services all go by this, or in queries by `ending_soon`.
    """
    first, last = _life(certificate)
    return last - timedelta(days=days_before(first, last)[FIRST]) <= clock.day(now) <= last


def ending_soon(now: datetime) -> Q:
    """Return the condition for the certificates in force that end soon, as `ends_soon` says."""
    days, part = REMINDERS[FIRST]
    today = clock.day(now)
    first, last = (TruncDate(name, tzinfo=clock.HELSINKI) for name in ("not_before", "not_after"))
    parts_left = ExpressionWrapper((last - Value(today)) * part, output_field=DurationField())
    in_last_part = Q(GreaterThanOrEqual(last - first, parts_left))
    by_tomorrow = Q(not_after__lt=clock.start_of_day(today + timedelta(days=2)))
    within_days = Q(not_after__lt=clock.start_of_day(today + timedelta(days=days + 1)))
    return Certificate.in_force(now) & within_days & (in_last_part | by_tomorrow)


def ended_lately(now: datetime) -> Q:
    """Return the condition for the certificates that have expired lately, and were not revoked."""
    ended = Q(not_after__lte=now, not_after__gt=now - ENDED_LATELY)
    return ended & Q(state=Certificate.State.ISSUED)


def days_before(first: date, last: date) -> list[int]:
    """Return when reminders are due, in days before the last day of validity."""
    life = (last - first).days
    return [min(days, max(life // part, 1)) for days, part in REMINDERS]


def reminder_due(first: date, last: date, today: date) -> int | None:
    """Return the latest reminder due by today, in days before the last day of validity, or None.

    A reminder whose day is not after the first day of validity is never due: it would arrive
    together with the certificate itself.
    """
    all_days = days_before(first, last)
    days = [days for days in all_days if first < last - timedelta(days=days) <= today <= last]
    return min(days, default=None)


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
    """Return the orders whose certificates in force the order's certificate makes redundant."""
    covered = {str(order.pk): order for order in _alike(application) if _covers(application, order)}
    in_force = Certificate.objects.filter(Certificate.in_force(now), reference__in=covered)
    shorter = in_force.filter(not_after__lt=certificate.not_after).order_by("not_after")
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


def obstacles(certificate: Certificate | None, *, now: datetime) -> Iterator[Refused]:
    """Yield why the certificate cannot be reported as installed."""
    revoked = certificate is None or certificate.state != Certificate.State.ISSUED
    if certificate is None or revoked or certificate.not_after <= now:
        yield NotInForce()


def obstacles_to_seeing(certificate: Certificate | None, *, now: datetime) -> Iterator[Refused]:
    """Yield why nobody can report to take care of the renewal."""
    yield from obstacles(certificate, now=now)
    if certificate is not None and not ends_soon(certificate, now):
        yield TooEarly()


def due_now(certificate: Certificate, now: datetime) -> int | None:
    """Return the reminder due for the certificate now, in days before its last day, or None.

    ENDED once it has expired.
    """
    is_over = certificate.not_after <= now
    return ENDED if is_over else reminder_due(*_life(certificate), clock.day(now))


def reaches_administrators(
    application: Application, certificate: Certificate, due: int, *, now: datetime
) -> bool:
    """Return whether the reminder also goes to the account's administrators.

    Those named in the order may have left, and nobody may read the mailbox. While somebody takes
    care of the renewal, only the last reminder goes to them.
    """
    place = TO_ADMINISTRATORS if seen(application, now=now) is None else LAST
    return due <= days_before(*_life(certificate))[place]


def seen(application: Application, *, now: datetime) -> Seen | None:
    """Return who last reported to take care of the renewal, if they may still act; or None.

    They must be a member of the organisation, or act for a supplier that has its consent. After a
    restore from a backup the event may be missing or exist twice.
    """
    if application.expiry_seen_at is None:
        return None
    about = Event.objects.filter(object_type="application", object_id=str(application.pk))
    reports = about.filter(action=ApplicationEvent.EXPIRY_SEEN, refused=False)
    event = reports.order_by("-id").first()
    kind, _colon, key = event.actor.partition(":") if event else ("", "", "")
    reporter = Person.objects.filter(pk=key).first() if kind == "person" else None
    if event is None or reporter is None:
        return None
    person, customer = reporter.current, application.organisation_id
    if access.is_member(person, customer):
        return Seen(str(person), event.at)
    supplier = consents.supplier_for(person, customer, now=now)
    return Seen(f"{person}, {supplier}", event.at) if supplier is not None else None


def _life(certificate: Certificate) -> tuple[date, date]:
    """Return the first and the last day of its validity."""
    return clock.day(certificate.not_before), clock.day(certificate.not_after)
