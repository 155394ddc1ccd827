"""Does the unit stand in the register today, and is it the organisation's own?"""

from datetime import date, datetime

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
    today = clock.day(now)
    standing = queries.standing(application.record_oid, application.record_kind, today)
    if fault := ownership.fault(application.organisation, standing, today):
        return standing.record, [_finding(fault, application.record_oid, standing.record)]
    return standing.record, _of_provider(standing.record, today)


def _of_provider(unit: RegisterRecord | None, today: date) -> list[Finding]:
    """The organisation above the unit, whose name the certificate carries, must stand as well.

    One that the register does not know at all says nothing: not every unit names its provider.
    """
    if unit is None or unit.provider_oid == unit.oid:
        return []
    fallen = queries.fallen([unit.provider_oid], unit.kind, today)
    return [_finding(one.reason, oid, one.record) for oid, one in fallen.items()]


def _finding(reason: str, oid: str, record: RegisterRecord | None) -> Finding:
    params = {"oid": oid, "name": record.long_name if record else ""}
    return Finding(f"order.{reason}", Severity.ERROR, params)
