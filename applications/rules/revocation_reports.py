"""Reports from outside that ask for the revocation of an order's certificate."""

from uuid import UUID

from applications.models import Application, RevocationReport
from certportal.foundation.combined_queries import Asks, Question, Rows, compiled_for


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
