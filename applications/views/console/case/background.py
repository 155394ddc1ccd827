"""What is known of the organisation already: earlier orders, decisions, certificates."""

from datetime import datetime

from applications.documents.certificate_files import orders_of
from applications.models import Application
from applications.views.shared.rows import Condition, condition, standings
from applications.workflow import Status
from issuance.models import Certificate

MOST = 10


def together(application: Application) -> list[Application]:
    """Return the submitted orders that were begun with this one, by number."""
    if application.bulk_order_id is None:
        return []
    others = Application.objects.filter(bulk_order=application.bulk_order_id)
    return list(others.exclude(pk=application.pk).exclude(status=Status.DRAFT).order_by("number"))


def earlier(application: Application, *, now: datetime) -> list[tuple[Application, Condition]]:
    """Return the organisation's other submitted orders and how they stand, newest first."""
    others = Application.objects.filter(organisation=application.organisation_id)
    submitted = others.exclude(pk=application.pk).exclude(status=Status.DRAFT)
    found = list(submitted.prefetch_related("decisions").order_by("-submitted_at")[:MOST])
    stand = standings(found, now=now)
    return [(one, stand[one.pk]) for one in found]


def certificates(application: Application, *, now: datetime) -> list[tuple[Certificate, Condition]]:
    """Return the organisation's certificates and how they stand, newest first."""
    found = Certificate.objects.filter(reference__in=orders_of(application.organisation))
    newest = found.order_by("-issued_at")[:MOST]
    return [(one, condition(one, now=now)) for one in newest]
