"""Reports from outside that ask for the revocation of an order's certificate."""

from uuid import UUID

from django.db.models import Q, QuerySet

from applications.models import Application, RevocationReport
from certportal.foundation.database.combined_queries import Asks, Question, Rows, compiled_for


@Question
def reports(application: Application) -> Asks[list[RevocationReport]]:
    """Return the reports about the order's certificate, the newest first."""
    return _reports(application.pk), list


@compiled_for(UUID(int=1))
def _reports(order: UUID) -> Rows:
    rows = RevocationReport.objects.filter(application=order).order_by("-received_at", "-pk")
    return Rows(rows, "person", "proposal", "beside")


def waiting(application: Application, key: str = "") -> RevocationReport | None:
    """Return the earliest report that waits for a second person, or None.

    `key`: return the report of this key if it waits.
    """
    unsettled = (
        report
        for report in reversed(reports(application))
        if key in {"", str(report.pk)} and report.settles and report.settles.is_open
    )
    return next(unsettled, None)


def waiting_about(orders: QuerySet[Application]) -> QuerySet[RevocationReport]:
    """Return the reports about these orders that wait for a second person, the earliest first."""
    undecided = Q(proposal__closed_at=None, proposal__isnull=False)
    undecided |= Q(beside__closed_at=None, beside__isnull=False)
    return RevocationReport.objects.filter(undecided, application__in=orders).order_by(
        "received_at", "pk"
    )
