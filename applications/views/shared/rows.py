"""Rows about orders and certificates, for lists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _, ngettext, pgettext

from accounts.register.lookup import queries
from accounts.register.lookup.folding import fold
from applications.models import Application, HostName
from applications.models.certificate_types import CertificateType
from applications.rules import proposed_names, reminders
from applications.views.shared.due import Due, due
from applications.workflow import Role, Status
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import (
    Values,
    Wanted,
    ask_together,
    compiled_for,
)
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.database.query_cache import asked_once
from certportal.foundation.database.related_rows import parts_of_each
from issuance.models import Certificate

# The colour of a status, always shown together with its name.
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
IDENTIFYING_COLUMNS = (
    "number",
    "organisation",
    "type",
    "record_kind",
    "record_oid",
    "system_name",
    "certified_email",
    "submission",
    "contact_name",
    "changed_at",
)
"""The columns that tell which order it is: all that the row of its certificate needs."""
ORDER_COLUMNS = (*IDENTIFYING_COLUMNS, "names_by", "status", "due_on")
"""The columns of an order that its row in a file needs."""
CERTIFICATE_COLUMNS = (
    "reference",
    "profile_id",
    "serial",
    "state",
    "not_before",
    "not_after",
    "issued_at",
    "revoked_at",
)
"""The columns of a certificate that its row in a file needs."""


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

    @property
    def other_unit(self) -> str:
        """The unit, to stand beside the organisation."""
        return beside_organisation(self.unit, self.order.organisation.name)


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate in a list, with its order if that still belongs to the organisation."""

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
    changed_at: datetime

    @property
    def other_unit(self) -> str:
        """The unit, to stand beside the organisation."""
        return beside_organisation(self.unit, self.certificate.organisation.name)


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of an order or a certificate: a word and its colour."""

    label: str
    tone: str


def beside_organisation(unit: str, organisation: str) -> str:
    """Return the unit's name; empty if it is the organisation's, however each is spelled."""
    return "" if fold(unit) == fold(organisation) else unit


def environment_words(*, is_test: bool) -> str:
    return pgettext("environment", "Test") if is_test else pgettext("environment", "Production")


def tone(status: str) -> str:
    return TONES.get(status, "plain")


def with_names(orders: QuerySet[Application]) -> QuerySet[Application]:
    """Return the orders with their host names, as text alone.

    Prefetched rows and their order refer to each other, so that those of a long file would stay in
    memory until the garbage collector comes.
    """
    hosts = HostName.objects.filter(application=OuterRef("pk")).order_by("position")
    return orders.annotate(annotated_names=ArraySubquery(hosts.values("name")))


def order_rows(
    listed: Iterable[Application], *, now: datetime, among: Sequence[Application] = ()
) -> list[OrderRow]:
    """Return the rows of the orders; an ended certificate replaces the status of its order.

    `among`: all orders of the page, so that their units are read together.
    """
    orders = list(listed)
    prefetch_related_objects([order for order in orders if order.names_by], "submission")
    stand, units = standings(orders, now=now), _units(among or orders, now)
    return [_order_row(order, units, stand[order.pk], now) for order in orders]


def rows_for_others(found: Iterable[Application], *, now: datetime) -> list[OrderRow]:
    """Return the rows of the orders for a supplier or a technical contact.

    They do not show a reviewer's question or its deadline, which concern the applicant alone.
    """
    return [_without_question(row) for row in order_rows(found, now=now)]


def _without_question(row: OrderRow) -> OrderRow:
    if row.order.status != Status.INFO_REQUESTED:
        return row
    return replace(row, label=row.order.status_words_for(Role.TECHNICAL_CONTACT), due=None)


def _order_row(
    order: Application, units: Mapping[str, str], shown: Condition, now: datetime
) -> OrderRow:
    is_asked = order.status == Status.INFO_REQUESTED
    asked = order.status_words_for(Role.APPLICANT) if is_asked else ""
    return OrderRow(
        order=order,
        name=proposed_names.called_beside_status(order),
        more=max(0, len(order.names) - 1),
        unit=units.get(order.record_oid, ""),
        is_test=order.kind.is_test,
        label=asked or shown.label,
        tone=shown.tone,
        due=due(order, now=now),
    )


def _units(orders: Sequence[Application], now: datetime) -> dict[str, str]:
    """Return the names of the orders' units in the registers, by OID."""
    names: dict[str, str] = {}
    for kind in {order.record_kind for order in orders}:
        oids = {order.record_oid for order in orders if order.record_kind == kind} - {""}
        names |= _unit_names(frozenset(oids), kind, clock.day(now))
    return names


@asked_once
def _unit_names(oids: frozenset[str], kind: str, on: date) -> dict[str, str]:
    units = queries.standings(oids, kind, on)
    return {oid: unit.record.long_name if unit.record else oid for oid, unit in units.items()}


def standings(orders: Sequence[Application], *more: Wanted, now: datetime) -> dict[UUID, Condition]:
    """Return the state of each order by key: its status, or that of its ended certificate.

    `more`: what else to read, by the same statement.
    """
    asked = [order for order in orders if order.status == Status.INFO_REQUESTED]
    done = [order.pk for order in orders if order.status in {Status.ISSUED, Status.DELIVERED}]
    found = list[tuple[Any, ...]]()
    over = [Wanted(_ended(done, now), found.extend)] if done else []
    ask_together(*more, *parts_of_each(asked, "requests"), *over)
    ended = {reference: _condition(*values, now=now) for reference, *values in found}
    return {
        order.pk: ended.get(order.pk) or Condition(order.status_words, tone(order.status))
        for order in orders
    }


ENDED_BY = ("reference", "state", "not_before", "not_after")


@compiled_for([UUID(int=1)], datetime.min.replace(tzinfo=UTC))
def _ended(references: list[UUID], now: datetime) -> Values:
    over = Q(state=Certificate.State.REVOKED) | Q(not_after__lte=now)
    found = Certificate.objects.filter(over, Among("reference", "uuid", references))
    return Values(found.values_list(*ENDED_BY), len(ENDED_BY))


def condition(certificate: Certificate, *, now: datetime) -> Condition:
    begin, end = certificate.not_before, certificate.not_after
    return _condition(certificate.state, begin, end, now=now)


def _condition(
    state: str, not_before: datetime, not_after: datetime, *, now: datetime
) -> Condition:
    if state == Certificate.State.REVOKED:
        return Condition(pgettext("certificate", "Revoked"), "error")
    if not_after <= now:
        return Condition(pgettext("certificate", "Expired"), "plain")
    if not_before > now:
        return Condition(pgettext("certificate", "Not yet valid"), "info")
    return Condition(pgettext("certificate", "Valid"), "success")


def certificate_rows(
    listed: Iterable[Certificate], *, now: datetime, among: Sequence[Application] = ()
) -> list[CertificateRow]:
    """Return the rows of the certificates, in the given order.

    `among`: all orders of the page, including those of the certificates.
    """
    certificates = list(listed)
    orders = {order.pk: order for order in among}
    if not orders:
        named = with_names(Application.objects.only(*IDENTIFYING_COLUMNS))
        orders = named.in_bulk([certificate.reference for certificate in certificates])
    units = _units(list(orders.values()), now)
    return [_row(cert, orders.get(cert.reference), units, now) for cert in certificates]


def _row(
    certificate: Certificate, order: Application | None, units: Mapping[str, str], now: datetime
) -> CertificateRow:
    ends = clock.day(certificate.not_after)
    days_left = (ends - clock.day(now)).days
    kind = CertificateType(certificate.profile_id)
    in_force = certificate.state == Certificate.State.ISSUED and days_left >= 0
    return CertificateRow(
        certificate=certificate,
        name=order.called if order else certificate.serial,
        unit=units.get(order.record_oid, "") if order else "",
        kind=str(kind.label),
        is_test=kind.is_test,
        ends=ends,
        label=left_words(days_left) if in_force else "",
        tone="warning" if in_force and reminders.ends_soon(certificate, now) else "",
        condition=condition(certificate, now=now),
        order=order,
        changed_at=max(
            certificate.revoked_at or certificate.issued_at,
            order.changed_at if order else certificate.issued_at,
        ),
    )


def left_words(days: int) -> str:
    if days <= 0:
        return _("last day today")
    return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
