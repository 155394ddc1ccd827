"""Check that a private provider has attached a certificate of conformity that is in force."""

from datetime import datetime

from applications.models import Application
from applications.rules import conformity, sections
from certportal.foundation import clock
from issuance.findings import Finding, error, warning


def check(application: Application, *, now: datetime) -> list[Finding]:
    """Return an error if it is missing or has expired, a warning if the sector is not known."""
    if not conformity.concerns(application):
        return []
    today = clock.day(now)
    if conformity.sector(application, on=today) is None:
        return [warning("order.sector_unknown", oid=application.record_oid)]
    if not conformity.is_asked(application, today):
        return []
    if not sections.BY_ID["conformity"].complete(application):
        return [error("order.conformity_missing")]
    last = application.conformity_valid_until
    if last is not None and last < today:
        return [error("order.conformity_expired", day=last.isoformat())]
    return []
