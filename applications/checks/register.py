"""Does the unit stand in the register today?"""

from datetime import datetime, timedelta

from accounts.register import queries
from accounts.register.models import RegisterRecord
from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from issuance.findings import Finding, Severity

# A mirror older than this no longer says who stands in the register: the checks wait.
OLDEST_MIRROR = timedelta(days=14)


class RegisterTooOld(Unavailable):
    """The mirror of the register has not been renewed for too long."""


def check(
    application: Application, *, now: datetime
) -> tuple[RegisterRecord | None, list[Finding]]:
    """Return the register's record and, unless it stands, an error naming why.

    SOTE certificates are granted to organisations in the THL SOTE register; an intermediary must
    stand in the register of Kanta intermediaries (the service description).
    """
    age = queries.register_age(now, kind=application.record_kind)
    if age is None or age > OLDEST_MIRROR:
        raise RegisterTooOld("register")
    standing = queries.standing(application.record_oid, application.record_kind, clock.day(now))
    if standing.ok:
        return standing.record, []
    fault = Finding(
        f"order.{standing.reason}",
        Severity.ERROR,
        {
            "oid": application.record_oid,
            "name": standing.record.long_name if standing.record else "",
        },
    )
    return standing.record, [fault]
