"""Check that the information system in a system signature certificate is the organisation's own."""

from collections.abc import Iterator
from datetime import datetime

from applications.models import Application
from applications.rules import conformity, systems, waivers
from applications.rules.certificate_names import fits
from certportal.foundation import clock
from issuance.certificate.names import is_oid
from issuance.findings import Finding, Severity, error, warning


def check(application: Application, *, now: datetime) -> list[Finding]:
    """Return an error for an invalid OID or name, or an OID outside the root without a reason.

    Warnings for the reviewer are an OID outside the root with a reason, which needs a waiver, and
    other accounts or organisations that have the OID or the name.
    """
    if not application.kind.has_system:
        return []
    return [*_oid(application, now), *_name(application, now)]


def _oid(application: Application, now: datetime) -> Iterator[Finding]:
    oid, today = application.system_oid, clock.day(now)
    if not is_oid(oid):
        yield error("order.system_oid", value=oid)
        return
    if outside := waivers.oid_outside(application, on=today):
        yield outside
    if other := systems.oid_elsewhere(application):
        yield warning("order.system_oid_elsewhere", value=oid, **_of(other))


def _name(application: Application, now: datetime) -> Iterator[Finding]:
    name, today = application.system_name, clock.day(now)
    if not fits(name):
        yield error("order.system_name", value=name)
    needed = conformity.is_asked(application, clock.day(now))
    proven = application.conformity_system_name if needed else ""
    vouched = bool(proven) and systems.same_name(name, proven)
    if proven and not vouched:
        yield warning("order.system_name_otherwise", value=name, proven=proven)
    if record := systems.name_in_register(application, on=today):
        named = {"name": record.long_name, "oid": record.oid}
        yield warning("order.system_name_in_register", value=name, **named)
    if other := systems.name_elsewhere(application):
        # Many providers use the same product, so a name shown by the document is not suspicious.
        severity = Severity.INFO if vouched else Severity.WARNING
        params = {"value": name, "name": other.system_name} | _of(other)
        yield Finding("order.system_name_elsewhere", severity, params)


def _of(other: Application) -> dict[str, str]:
    return {"organisation": other.organisation.name, "order": other.number}
