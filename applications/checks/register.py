"""Check that the unit is valid in the register today and belongs to the organisation."""

from datetime import date, datetime

from accounts.register.lookup import queries
from accounts.register.models import RegisterRecord
from applications.models import Application
from applications.rules import unit_ownership
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from issuance.findings import Finding, error


class RegisterTooOld(Unavailable):
    """The mirror of the register has not been updated recently enough to rely on."""


def check(
    application: Application, *, now: datetime
) -> tuple[RegisterRecord | None, list[Finding]]:
    """Return the unit's record, and an error unless it is valid and the organisation's own.

    SOTE certificates are granted to organisations in the THL SOTE register; an intermediary must
    be in the register of Kanta intermediaries (the service description). Raises RegisterTooOld.
    """
    if not queries.is_fresh(now, kind=application.record_kind):
        raise RegisterTooOld("register")
    today = clock.day(now)
    standing = queries.standing(application.record_oid, application.record_kind, today)
    if fault := unit_ownership.fault(application.organisation, standing, today):
        return standing.record, [_finding(fault, application.record_oid, standing.record)]
    return standing.record, _of_provider(standing.record, today)


def _of_provider(unit: RegisterRecord | None, today: date) -> list[Finding]:
    """Return an error if the unit's provider, whose name the certificate carries, is not valid.

    A provider that the register does not know is no error, because not every unit has one.
    """
    if unit is None or unit.provider_oid in {"", unit.oid}:
        return []
    standing = queries.standing(unit.provider_oid, unit.kind, today)
    if standing.ok or standing.reason is queries.Reason.UNKNOWN:
        return []
    return [_finding(standing.reason, unit.provider_oid, standing.record)]


def _finding(reason: str, oid: str, record: RegisterRecord | None) -> Finding:
    return error(f"order.{reason}", oid=oid, name=record.long_name if record else "")
