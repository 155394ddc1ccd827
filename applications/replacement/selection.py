"""Select the certificates of a mass replacement, and decide which must be left out."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from applications.checks import register
from applications.models import Application
from applications.models.replacement import ReplacementItem
from applications.rules.certificate_order import certificate_order
from issuance.certificate.order import CertificateOrder
from issuance.models import Certificate

State = ReplacementItem.State
# A certificate that expires sooner is not replaced: its holder renews it.
SHORTEST = timedelta(days=1)
ACCOUNT_CLOSED = "account_closed"


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions for selecting certificates; all given ones must be met. Times are UTC.

    `issuing_ca` is the CA's stem; `serials` are hexadecimal as stored; `issued_from` is inclusive,
    `issued_until` exclusive.
    """

    issuing_ca: str = ""
    profile: str = ""
    profile_version: int | None = None
    issued_from: datetime | None = None
    issued_until: datetime | None = None
    serials: tuple[str, ...] = field(default=())

    def conditions(self) -> dict[str, Any]:
        """Return the given conditions as arguments of `Certificate.objects.filter`."""
        every = {
            "issuing_ca__stem": self.issuing_ca,
            "profile_id": self.profile,
            "profile_version": self.profile_version,
            "issued_at__gte": self.issued_from,
            "issued_at__lt": self.issued_until,
            "serial__in": self.serials,
        }
        return {name: value for name, value in every.items() if value}

    def to_json(self) -> dict[str, Any]:
        """Return the given conditions for storing; of the serials only their number."""
        conditions = {name: value for name, value in asdict(self).items() if value}
        if self.serials:
            conditions["serials"] = len(self.serials)
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in conditions.items()
        }


def chosen(selection: Selection, *, now: datetime) -> QuerySet[Certificate]:
    """Return the certificates in force that match the selection and have not been replaced."""
    replaced = ReplacementItem.objects.filter(state__in=[State.RELEASED, State.ISSUED])
    matching = Certificate.objects.filter(
        Certificate.in_force(now + SHORTEST), **selection.conditions()
    )
    return matching.exclude(pk__in=replaced.values("certificate")).order_by("pk")


def unfit(certificate: Certificate, order: Application | None, *, now: datetime) -> str:
    """Return the id of the reason to leave the certificate out; empty if there is none.

    The CA applies its own rules (blocked keys, ceilings, lint) when it prepares the new
    certificate. Raises Unavailable when the mirror of the register is too old.
    """
    if order is None or order.csr is None or order.submission is None:
        return "no_order"
    if order.erased_at is not None:
        return "erased"
    if order.organisation.is_closed:  # nobody would be responsible for the new certificate
        return ACCOUNT_CLOSED
    _record, ended = register.check(order, now=now)
    return ended[0].rule if ended else ""


def orders_by_reference(certificates: Iterable[Certificate]) -> dict[object, Application]:
    related = Application.objects.select_related("csr", "submission", "organisation")
    orders = related.prefetch_related("host_names", "organisation__business_ids")
    return dict(orders.in_bulk([certificate.reference for certificate in certificates]))


def order_for(
    item: ReplacementItem, order: Application, concerned: frozenset[str], *, now: datetime
) -> CertificateOrder:
    """Return the order to the CA for the new certificate: the old order with a new reference.

    `concerned`: the order's `impartiality.traces`.

    The names are those in the register today. The end of validity is the old certificate's, so
    that the longest validity allowed is never exceeded.
    """
    old = item.certificate
    order_to_ca = certificate_order(order, now=now, concerned=concerned)
    return replace(
        order_to_ca,
        reference=item.reference,
        label="",  # the new order gets its number once its certificate is issued
        replaces=old.reference,
        start=None,
        ends=old.not_after,
    )


def in_state(items: Iterable[ReplacementItem], state: State) -> Sequence[ReplacementItem]:
    return [item for item in items if item.state == state]
