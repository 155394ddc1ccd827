"""Does the unit stand in the register today, and is it the organisation's own?"""

from datetime import datetime

from accounts.register import queries
from accounts.register.models import RegisterRecord
from applications import ownership
from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from issuance.findings import Finding, Severity


class RegisterTooOld(Unavailable):
    """The mirror of the register has not been renewed for too long."""


def check(
    application: Application, *, now: datetime
) -> tuple[RegisterRecord | None, list[Finding]]:
    """Return the register's record and, unless it stands and is their own, an error naming why.

    SOTE certificates are granted to organisations in the THL SOTE register; an intermediary must
    stand in the register of Kanta intermediaries (the service description).
    """
    if not queries.is_fresh(now, kind=application.record_kind):
        raise RegisterTooOld("register")
    standing = queries.standing(application.record_oid, application.record_kind, clock.day(now))
    fault = ownership.fault(application.organisation, standing)
    if not fault:
        return standing.record, []
    name = standing.record.long_name if standing.record else ""
    params = {"oid": application.record_oid, "name": name}
    return standing.record, [Finding(f"order.{fault}", Severity.ERROR, params)]
