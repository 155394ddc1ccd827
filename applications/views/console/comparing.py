"""Request, application, register and certificate-to-be side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.register.models import RegisterRecord
from applications.kinds import CertificateType
from applications.models import Application
from applications.naming import Names, names
from applications.views.comparison import Cell, Row, asked_in
from applications.views.console import specimen
from issuance.models import PreparedCertificate


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that is compared; `certificate` and `names` may be unknown."""

    application: Application
    csr: dict[str, Any]
    record: RegisterRecord | None
    names: Names | None
    prepared: PreparedCertificate | None

    def asked(self, label: str) -> str:
        """Return the request's values of a subject attribute."""
        return asked_in(self.csr, label)


def columns() -> list[str]:
    """Return the names of the sources."""
    return [
        _("Certificate request (CSR)"),
        _("Application"),
        _("Register"),
        _("Certificate to be issued"),
    ]


def sources(
    application: Application, prepared: PreparedCertificate | None, *, now: datetime
) -> Sources:
    """Gather what is compared; an attempt that was refused has no certificate."""
    report = application.csr.report if application.csr else {}
    submission = application.submission
    return Sources(
        application=application,
        csr=report.get("csr") or {},
        record=submission.record if submission else None,
        names=names(application, now=now),
        prepared=prepared if prepared and prepared.specimen_der else None,
    )


def rows(found: Sources) -> list[Row]:
    """Return the comparison, one row an item."""
    subject = specimen.attributes(found.prepared.specimen) if found.prepared else {}
    return [*_subject(found, subject), *_contents(found)]


def _subject(found: Sources, subject: dict[str, str]) -> Iterator[Row]:
    application, known = found.application, found.names
    organisation = known.organisation.full if known else ""
    unit = known.unit.full if known and known.unit else ""
    hosts = [host.name for host in application.host_names.all()]
    name = application.system_name or application.certified_email or (hosts[0] if hosts else "")
    yield _row(
        _("Organisation (O)"),
        found.asked("O"),
        application.organisation.name,
        organisation,
        subject.get("O", ""),
    )
    if not CertificateType(application.type).is_server:
        yield _row(_("Unit (OU)"), found.asked("OU"), "", unit, subject.get("OU", ""))
    locality = known.locality if known else ""
    yield _row(_("Locality (L)"), found.asked("L"), "", locality, subject.get("L", ""))
    yield _row(_("Name (CN)"), found.asked("CN"), name, "", subject.get("CN", ""))
    if application.system_oid:
        number = found.asked("serialNumber")
        oid = subject.get("serialNumber", "")
        yield _row(_("System's OID"), number, application.system_oid, "", oid)


def _contents(found: Sources) -> Iterator[Row]:
    application, record, prepared = found.application, found.record, found.prepared
    certificate = prepared.specimen if prepared else None
    if application.host_names.all():
        yield _hosts(found)
        purpose = application.get_purpose_display()
        certified = specimen.purposes(certificate) if certificate else ""
        yield Row(_("Purpose of use"), [Cell(), Cell(purpose), Cell(), Cell(certified)])
    key = found.csr.get("key", {}).get("spki_sha256", "")
    yield _row(
        _("SHA-256 of the public key"), key, "", "", prepared.spki_sha256 if prepared else ""
    )
    business_id = next((one.code for one in application.organisation.business_ids.all()), "")
    registered = record.business_id if record else ""
    cells = [Cell(), Cell(business_id), _compared(registered, business_id), Cell()]
    yield Row(_("Business ID"), cells)
    oid = record.oid if record else ""
    cells = [Cell(), Cell(application.record_oid), _compared(oid, application.record_oid), Cell()]
    yield Row(_("OID of the unit"), cells)
    yield _validity(found)


def _hosts(found: Sources) -> Row:
    wanted = [host.name for host in found.application.host_names.all()]
    certified = specimen.host_names(found.prepared.specimen) if found.prepared else []
    agrees = not found.prepared or sorted(certified) == sorted(wanted)
    last = Cell(", ".join(certified), "same" if agrees and certified else "" if agrees else "clash")
    asked = found.csr.get("dns_names", [])
    first = _compared(", ".join(sorted(asked)), ", ".join(sorted(wanted)), _ignored())
    return Row(_("Host names"), [first, Cell(", ".join(wanted)), Cell(), last])


def _validity(found: Sources) -> Row:
    months = found.application.validity_months or 0
    ordered = ngettext("%(months)d month", "%(months)d months", months) % {"months": months}
    certified = ""
    if found.prepared:
        first, last = specimen.moments(found.prepared)
        certified = _("%(first)s – %(last)s") % {"first": first, "last": last}
    return Row(_("Validity"), [Cell(), Cell(ordered), Cell(), Cell(certified)])


def _row(label: str, asked: str, ordered: str, registered: str, certified: str) -> Row:
    """Compare each source with the certificate-to-be, once there is one."""
    cells = [
        _compared(asked, certified, _ignored()),
        _compared(ordered, certified),
        _compared(registered, certified, _("Written in another way in the certificate")),
        Cell(certified),
    ]
    return Row(label, cells)


def _compared(value: str, base: str, note: str = "") -> Cell:
    if not value or not base:
        return Cell(value)
    return Cell(value, "same") if value == base else Cell(value, "differs", note)


def _ignored() -> str:
    return _("Differs; the certificate does not follow the request")
