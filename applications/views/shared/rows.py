"""One line about an order or a certificate, for lists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.register.lookup import queries
from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules import proposed_names
from applications.views.shared.due import Due, due
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.reading import asked_once
from certportal.foundation.together import Values
from issuance.models import Certificate

# The colour of a status; its word always stands beside it.
TONES: dict[str, str] = {
    Status.AWAITING_CSR: "plain",
    Status.NAMES_PROPOSED: "warning",
    Status.CHECKING: "plain",
    Status.IN_REVIEW: "info",
    Status.INFO_REQUESTED: "warning",
    Status.APPROVED: "success",
    Status.ISSUED: "success",
    Status.DELIVERED: "success",
    Status.REJECTED: "error",
}
SOON = 60
"""Days before its last day from which on a certificate should be renewed (domain: neighbours)."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list.

    `name` is what the certificate is for, or empty; `more` counts the further host names.
    """

    order: Application
    name: str
    more: int
    unit: str
    is_test: bool
    label: str
    tone: str
    due: Due | None


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate in a list, with the order it came from if that is the organisation's."""

    certificate: Certificate
    name: str
    unit: str
    kind: str
    is_test: bool
    ends: date
    label: str
    tone: str
    condition: "Condition"
    order: Application | None


@dataclass(frozen=True, slots=True)
class Condition:
    """How an order or a certificate stands, in a word and its colour."""

    label: str
    tone: str


def ending_soon(now: datetime) -> Q:
    """Return the condition for the certificates in force that should be renewed."""
    return Certificate.in_force(now) & Q(not_after__lt=soon_until(now))


def soon_until(now: datetime) -> datetime:
    """Return the moment by which a certificate ends that ends soon."""
    return clock.start_of_day(clock.day(now) + timedelta(days=SOON + 1))


def tone(status: str) -> str:
    """Return the tone of a status tag."""
    return TONES.get(status, "plain")


def order_rows(
    found: Iterable[Application], *, now: datetime, among: Sequence[Application] = ()
) -> list[OrderRow]:
    """Return the lines about the orders; of one whose certificate has ended, that is told.

    `among`: all orders that the page names, whose units are read together.
    """
    orders = list(found)
    prefetch_related_objects([one for one in orders if one.names_by], "submission")
    stand, units = standings(orders, now=now), _units(among or orders, now)
    return [_order_row(order, units, stand[order.pk], now) for order in orders]


def rows_for_others(found: Iterable[Application], *, now: datetime) -> list[OrderRow]:
    """Return the same for a supplier or a technical contact.

    What the reviewer asks, whether it is a hearing, and until when, is between the applicant and
    the authority.
    """
    return [_without_question(row) for row in order_rows(found, now=now)]


def _without_question(row: OrderRow) -> OrderRow:
    if row.order.status != Status.INFO_REQUESTED:
        return row
    return replace(row, label=str(row.order.get_status_display()), due=None)


def _order_row(
    order: Application, units: Mapping[str, str], shown: Condition, now: datetime
) -> OrderRow:
    return OrderRow(
        order=order,
        name=proposed_names.called(order),
        more=max(0, len(order.names) - 1),
        unit=units.get(order.record_oid, ""),
        is_test=order.kind.is_test,
        label=shown.label,
        tone=shown.tone,
        due=due(order, now=now),
    )


def _units(orders: Sequence[Application], now: datetime) -> dict[str, str]:
    """Return the names of the orders' units by their OID, as the registers have them."""
    found: dict[str, str] = {}
    for kind in {order.record_kind for order in orders}:
        oids = {one.record_oid for one in orders if one.record_kind == kind and one.record_oid}
        found |= _unit_names(frozenset(oids), kind, clock.day(now))
    return found


@asked_once
def _unit_names(oids: frozenset[str], kind: str, on: date) -> dict[str, str]:
    found = queries.standings(oids, kind, on)
    return {oid: one.record.long_name if one.record else oid for oid, one in found.items()}


def standings(orders: Sequence[Application], *, now: datetime) -> dict[UUID, Condition]:
    """Return how each order stands, by its key: its status, or how its certificate has ended."""
    return standing(orders, ended(orders, now=now).alone(), now=now)


ENDED_BY = ("reference", "state", "not_before", "not_after")


def ended(orders: Sequence[Application], *, now: datetime) -> Values:
    """Return the question for those of the orders' certificates that have ended."""
    over = Q(state=Certificate.State.REVOKED) | Q(not_after__lte=now)
    asked = [order for order in orders if order.status == Status.INFO_REQUESTED]
    prefetch_related_objects(asked, "requests")
    done = [order.pk for order in orders if order.status in {Status.ISSUED, Status.DELIVERED}]
    found = Certificate.objects.filter(over, reference__in=done)
    return Values(found.values_list(*ENDED_BY), len(ENDED_BY))


def standing(
    orders: Sequence[Application], found: Iterable[tuple[Any, ...]], *, now: datetime
) -> dict[UUID, Condition]:
    """Return how each order stands, by its key, from what was found `ended`."""
    over = [Certificate(**dict(zip(ENDED_BY, one, strict=True))) for one in found]
    ended = {one.reference: condition(one, now=now) for one in over}
    return {
        order.pk: ended.get(order.pk) or Condition(order.status_words, tone(order.status))
        for order in orders
    }


def condition(certificate: Certificate, *, now: datetime) -> Condition:
    """Return how the certificate stands."""
    if certificate.state == Certificate.State.REVOKED:
        return Condition(pgettext("certificate", "Revoked"), "error")
    if certificate.not_after <= now:
        return Condition(pgettext("certificate", "Expired"), "plain")
    if certificate.not_before > now:
        return Condition(pgettext("certificate", "Not yet valid"), "info")
    return Condition(pgettext("certificate", "Valid"), "success")


def certificate_rows(
    found: Iterable[Certificate], *, now: datetime, among: Sequence[Application] = ()
) -> list[CertificateRow]:
    """Return the lines about the certificates, in their order.

    `among`: all orders that the page names, those of the certificates with them.
    """
    certificates = list(found)
    named = Application.objects.prefetch_related("host_names")
    orders = {one.pk: one for one in among} or named.in_bulk(
        [one.reference for one in certificates]
    )
    units = _units(list(orders.values()), now)
    return [_row(one, orders.get(one.reference), units, now) for one in certificates]


def _row(
    certificate: Certificate, order: Application | None, units: Mapping[str, str], now: datetime
) -> CertificateRow:
    ends = clock.day(certificate.not_after)
    left = (ends - clock.day(now)).days
    kind = CertificateType(certificate.profile_id)
    in_force = certificate.state == Certificate.State.ISSUED and left >= 0
    return CertificateRow(
        certificate=certificate,
        name=order.called if order else certificate.serial,
        unit=units.get(order.record_oid, "") if order else "",
        kind=str(kind.label),
        is_test=kind.is_test,
        ends=ends,
        label=left_words(left) if in_force else "",
        tone="warning" if in_force and left <= SOON else "",
        condition=condition(certificate, now=now),
        order=order,
    )


def left_words(days: int) -> str:
    """Return how many days are left, in words."""
    if days <= 0:
        return _("last day today")
    return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
