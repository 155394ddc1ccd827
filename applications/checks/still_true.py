"""Do the facts that a certificate rests on still hold? Asked before approval and before signing."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from accounts.register.models import RegisterRecord
from applications import naming
from applications.changes import resting
from applications.checks import register
from applications.models import Application
from applications.ordering import certificate_order
from issuance.findings import Finding, Severity
from issuance.models import PreparedCertificate

OPEN = PreparedCertificate.State.PREPARED


@dataclass(frozen=True, slots=True)
class Look:
    """The register's record as it stands now, and what no longer holds, if anything."""

    record: RegisterRecord | None
    fault: Finding | None


def fault(application: Application, *, now: datetime) -> Finding | None:
    """Return what no longer holds; see `look`."""
    return look(application, now=now).fault


def look(application: Application, *, now: datetime) -> Look:
    """Look whether the unit stands and is named as it was prepared; the difference is told.

    Raises Unavailable when the mirror of the register is too old to say.
    """
    record, ended = register.check(application, now=now)
    if ended:
        return Look(record, ended[0])
    prepared = PreparedCertificate.objects.filter(reference=application.pk, state=OPEN).first()
    if prepared is None:
        return Look(record, None)
    changed = names_changed(application, prepared.specimen, now) or _renamed(prepared, now)
    return Look(record, changed)


def names_changed(
    application: Application, specimen: x509.Certificate, now: datetime
) -> Finding | None:
    """Return what the register calls otherwise today than what was prepared, or None."""
    before, after = _subjects(application, specimen, now)
    if before == after:
        return None
    changed = {"before": _told(before, after), "after": _told(after, before)}
    return Finding("order.names_changed", Severity.WARNING, changed)


def _renamed(prepared: PreparedCertificate, now: datetime) -> Finding | None:
    """Return what the register calls otherwise though the certificate would say the same: a server
    certificate does not carry the unit's name, and a spelling stands for a name of then.
    """
    then = resting.record_of(prepared)
    pairs = naming.renamed(then, prepared.created_at, now=now) if then else []
    if not pairs:
        return None
    before, after = (", ".join(names) for names in zip(*pairs, strict=True))
    return Finding("order.names_changed", Severity.WARNING, {"before": before, "after": after})


def _subjects(
    application: Application, specimen: x509.Certificate, now: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """The names that were prepared, and what register and order say today, by attribute."""
    subject = certificate_order(application, now=now).subject
    before = {
        "O": _value(specimen, NameOID.ORGANIZATION_NAME),
        "OU": _value(specimen, NameOID.ORGANIZATIONAL_UNIT_NAME),
        "L": _value(specimen, NameOID.LOCALITY_NAME),
    }
    after = {"O": subject.organisation, "OU": subject.unit or "", "L": subject.locality or ""}
    return before, after


def _told(names: dict[str, str], others: dict[str, str]) -> str:
    """The names that differ, as `O=Name, L=Place`."""
    return ", ".join(f"{name}={value}" for name, value in names.items() if value != others[name])


def _value(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    return next((str(one.value) for one in certificate.subject.get_attributes_for_oid(oid)), "")
