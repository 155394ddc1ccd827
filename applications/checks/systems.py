"""Is the information system that a system signature names the organisation's own?"""

from collections.abc import Iterator
from datetime import datetime

from applications.models import Application
from applications.rules import conformity, systems, waivers
from certportal.foundation import clock
from issuance.certificate.names import is_oid
from issuance.findings import Finding, Severity


def check(application: Application, *, now: datetime) -> list[Finding]:
    """Return an error for an OID that is none, or another's to give without the applicant's reason.

    For a reviewer to weigh: an OID with such a reason, which only a waiver lets pass, and who else
    has the OID or the name.
    """
    if not application.kind.has_system:
        return []
    return [*_oid(application, now), *_name(application, now)]


def _oid(application: Application, now: datetime) -> Iterator[Finding]:
    oid, today = application.system_oid, clock.day(now)
    if not is_oid(oid):
        yield Finding("order.system_oid", Severity.ERROR, {"value": oid})
        return
    if outside := waivers.oid_outside(application, on=today):
        yield outside
    if other := systems.oid_elsewhere(application):
        params = {"value": oid} | _of(other)
        yield Finding("order.system_oid_elsewhere", Severity.WARNING, params)


def _name(application: Application, now: datetime) -> Iterator[Finding]:
    name, today = application.system_name, clock.day(now)
    proven = _proven_name(application, now)
    vouched = bool(proven) and systems.same_name(name, proven)
    if proven and not vouched:
        params = {"value": name, "proven": proven}
        yield Finding("order.system_name_otherwise", Severity.WARNING, params)
    if record := systems.name_in_register(application, on=today):
        params = {"value": name, "name": record.long_name, "oid": record.oid}
        yield Finding("order.system_name_in_register", Severity.WARNING, params)
    if other := systems.name_elsewhere(application):
        # Many providers use one product: where the document says its name, that is no wonder.
        severity = Severity.INFO if vouched else Severity.WARNING
        params = {"value": name, "name": other.system_name} | _of(other)
        yield Finding("order.system_name_elsewhere", severity, params)


def _proven_name(application: Application, now: datetime) -> str:
    """Return the system's name in the certificate of conformity, empty when there is none."""
    asked = conformity.is_asked(application, clock.day(now))
    return application.conformity_system_name if asked else ""


def _of(other: Application) -> dict[str, str]:
    return {"organisation": other.organisation.name, "order": other.number}
