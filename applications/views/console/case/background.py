"""The organisation's other orders and certificates, shown with a case."""

from datetime import datetime

from applications.documents.certificate_files import orders_of
from applications.models import Application
from applications.views.shared.rows import Condition, condition, standings
from applications.workflow import Status
from issuance.models import Certificate

MOST = 10


def together(application: Application) -> list[Application]:
    """Return the other submitted orders of the same bulk order, by number."""
    if application.bulk_order_id is None:
        return []
    others = Application.objects.filter(bulk_order=application.bulk_order_id)
    return list(others.exclude(pk=application.pk).exclude(status=Status.DRAFT).order_by("number"))


def earlier(application: Application, *, now: datetime) -> list[tuple[Application, Condition]]:
    """Return the organisation's other submitted orders with their states, newest first."""
    others = Application.objects.filter(organisation=application.organisation_id)
    submitted = others.exclude(pk=application.pk).exclude(status=Status.DRAFT)
    orders = list(submitted.prefetch_related("decisions").order_by("-submitted_at")[:MOST])
    stand = standings(orders, now=now)
    return [(order, stand[order.pk]) for order in orders]


def certificates(application: Application, *, now: datetime) -> list[tuple[Certificate, Condition]]:
    """Return the organisation's certificates with their states, newest first."""
    issued = Certificate.objects.filter(reference__in=orders_of(application.organisation))
    newest = issued.order_by("-issued_at")[:MOST]
    return [(certificate, condition(certificate, now=now)) for certificate in newest]
