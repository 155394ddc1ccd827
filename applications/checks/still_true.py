"""Check, before approval and before signing, that the facts a certificate rests on still hold."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from accounts.register.models import RegisterRecord
from applications.checks import conformity, keys, register
from applications.models import Application
from applications.register_watch import evidence
from applications.rules import certificate_names, sender, waivers
from applications.rules.attempts import attempts
from applications.rules.certificate_order import certificate_order
from certportal.foundation import clock
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.database.related_rows import related_row
from issuance.certificate.names import subject_values
from issuance.findings import Finding, Severity, error, warning
from issuance.models import PreparedCertificate
from issuance.services.blocked_keys import is_blocked

OPEN = PreparedCertificate.State.PREPARED


@dataclass(frozen=True, slots=True)
class Look:
    """The present record in the register, and the first fact that no longer holds, if any."""

    record: RegisterRecord | None
    fault: Finding | None


@one_reading()
def fault(application: Application, *, now: datetime) -> Finding | None:
    """Return why an approved application must not be signed, or None.

    The reason is the fault that `look` finds, or a waiver that has ended since the approval.
    """
    if changed_fact := look(application, now=now).fault:
        return changed_fact
    unwaived = waivers.unwaived(application, on=clock.day(now))
    if unwaived is None:
        return None
    about = {"rule": unwaived.rule, "value": str(unwaived.params["value"])}
    return Finding(waivers.NOT_WAIVED, Severity.WARNING, about)


def look(application: Application, *, now: datetime) -> Look:
    """Check the application against the register, the blocked keys, the account and the calendar.

    The unit must be valid in the register, and the key not be blocked; the sender must still be a
    member of the organisation, a certificate of conformity that the order needs must be in force,
    and the names must be those of the prepared certificate, if there is one. Raises Unavailable
    when the mirror of the register is too old.
    """
    record, ended = register.check(application, now=now)
    if ended:
        return Look(record, ended[0])
    csr = related_row(application, "csr")
    if csr is not None and any(map(is_blocked, keys.known_by(csr))):
        return Look(record, error("key.blocked"))
    if sender.has_left(application):
        return Look(record, warning("order.sender_left"))
    for finding in conformity.check(application, now=now):
        if finding.severity is Severity.ERROR:
            return Look(record, finding)
    prepared = next((item for item in attempts(application.pk) if item.state == OPEN), None)
    if prepared is None:
        return Look(record, None)
    changed = names_changed(application, prepared.specimen, now) or _renamed(prepared, now)
    return Look(record, changed)


def names_changed(
    application: Application, specimen: x509.Certificate, now: datetime
) -> Finding | None:
    """Return a finding if O, OU or L would differ today from the prepared certificate's."""
    before, after = _subjects(application, specimen, now)
    if before == after:
        return None
    was, now_is = _differing(before, after), _differing(after, before)
    return warning("order.names_changed", before=was, after=now_is)


def _renamed(prepared: PreparedCertificate, now: datetime) -> Finding | None:
    """Return a finding if a long name changed in the register without changing the certificate.

    A server certificate does not carry the unit's name, and a spelling or an abbreviation may
    still stand for the former name.
    """
    record = evidence.record_of(prepared)
    pairs = certificate_names.renamed(record, prepared.created_at, now=now) if record else []
    if not pairs:
        return None
    before, after = (", ".join(names) for names in zip(*pairs, strict=True))
    return warning("order.names_changed", before=before, after=after)


def _subjects(
    application: Application, specimen: x509.Certificate, now: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the names in the prepared certificate, and those it would get today, by attribute."""
    subject = certificate_order(application, now=now).subject
    prepared = subject_values(specimen)
    after = {"O": subject.organisation, "OU": subject.unit or "", "L": subject.locality or ""}
    return {name: prepared.get(name, "") for name in after}, after


def _differing(names: dict[str, str], others: dict[str, str]) -> str:
    """Return the names that differ, as `O=Name, L=Place`."""
    return ", ".join(f"{name}={value}" for name, value in names.items() if value != others[name])
