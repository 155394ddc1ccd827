"""The organisation's other orders and certificates, shown with a case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from applications.access import certificates_of
from applications.models import Application
from applications.views.shared.rows import Condition, condition, standings
from applications.workflow import Status
from issuance.models import Certificate

MOST = 10
"""The most orders or certificates that are listed; the page says if there are more."""


@dataclass(frozen=True, slots=True)
class Newest[T]:
    """The newest rows with their states; `is_cut`: there are older ones."""

    rows: Sequence[tuple[T, Condition]]
    is_cut: bool


def together(application: Application) -> list[Application]:
    """Return the other submitted orders of the same bulk order, by number."""
    if application.bulk_order_id is None:
        return []
    others = Application.objects.filter(bulk_order=application.bulk_order_id)
    return list(others.exclude(pk=application.pk).exclude(status=Status.DRAFT).order_by("number"))


def earlier(application: Application, *, now: datetime) -> Newest[Application]:
    """Return the organisation's other submitted orders with their states, newest first."""
    others = Application.objects.filter(organisation=application.organisation_id)
    submitted = others.exclude(pk=application.pk).exclude(submitted_at=None)
    orders = list(submitted.prefetch_related("decisions").order_by("-submitted_at")[: MOST + 1])
    stand = standings(orders[:MOST], now=now)
    return Newest([(order, stand[order.pk]) for order in orders[:MOST]], len(orders) > MOST)


def certificates(application: Application, *, now: datetime) -> Newest[Certificate]:
    """Return the organisation's certificates with their states, newest first."""
    organisation_id = application.organisation_id
    orders = Application.objects.filter(organisation=organisation_id)
    newest = list(certificates_of(orders, {organisation_id}).order_by("-issued_at")[: MOST + 1])
    rows = [(certificate, condition(certificate, now=now)) for certificate in newest[:MOST]]
    return Newest(rows, len(newest) > MOST)
