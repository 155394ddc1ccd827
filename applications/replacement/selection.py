"""Which certificates a replacement is about, and which of them the registration authority lets."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from applications.checks import register
from applications.models import Application
from applications.ordering import certificate_order
from applications.replacing.models import ReplacementItem
from issuance.models import Certificate
from issuance.orders import CertificateOrder

State = ReplacementItem.State
# A certificate about to end is renewed by its holder, not replaced.
SHORTEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for; every condition that is given must hold. Times are UTC.

    `issuing_ca` is the stem of the CA, `serials` are hexadecimal as stored.
    """

    issuing_ca: str = ""
    profile: str = ""
    profile_version: int | None = None
    issued_from: datetime | None = None
    issued_until: datetime | None = None
    serials: tuple[str, ...] = field(default=())

    def conditions(self) -> dict[str, Any]:
        """Return the conditions given, as the database is asked for them."""
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
        """Return what was given, for the plan; of serials only how many."""
        given = {name: value for name, value in asdict(self).items() if value}
        if self.serials:
            given["serials"] = len(self.serials)
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in given.items()
        }


def chosen(wanted: Wanted, *, now: datetime) -> QuerySet[Certificate]:
    """Return the certificates in force that are wanted and have not been replaced before."""
    replaced = ReplacementItem.objects.filter(state__in=[State.RELEASED, State.ISSUED])
    found = Certificate.objects.filter(
        state=Certificate.State.ISSUED, not_after__gt=now + SHORTEST, **wanted.conditions()
    )
    return found.exclude(pk__in=replaced.values("certificate")).order_by("pk")


def unfit(certificate: Certificate, order: Application | None, *, now: datetime) -> str:
    """Return the id of the reason to leave the certificate out, empty if there is none.

    The authority's own rules (blocked keys, ceilings, lint) come on top of it when the new
    certificate is prepared. Raises Unavailable when the mirror of the register is too old.
    """
    if order is None or order.csr is None or order.submission is None:
        return "no_order"
    if order.erased_at is not None:
        return "erased"
    _record, ended = register.check(order, now=now)
    return ended[0].rule if ended else ""


def orders_by_reference(certificates: Iterable[Certificate]) -> dict[object, Application]:
    """Return the orders that the certificates were made for, by their keys."""
    related = Application.objects.select_related("csr", "submission", "organisation")
    found = related.prefetch_related("host_names")
    return dict(found.in_bulk([one.reference for one in certificates]))


def order_for(item: ReplacementItem, order: Application, *, now: datetime) -> CertificateOrder:
    """Return what the authority is asked for: the old order under a new reference.

    Names are the register's of today; the end is the old certificate's, so that no ceiling is
    ever passed.
    """
    old = item.certificate
    asked = certificate_order(order, now=now)
    return replace(
        asked, reference=item.reference, replaces=old.reference, start=None, ends=old.not_after
    )


def in_state(items: Iterable[ReplacementItem], state: State) -> Sequence[ReplacementItem]:
    """Return those of the items in the state."""
    return [item for item in items if item.state == state]
