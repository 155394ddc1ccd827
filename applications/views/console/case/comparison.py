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
from applications.ordering import PURPOSES
from applications.views.comparison import LATER, SILENT, Cell, Row, asked_in
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

    def row(label: str, short: str, ordered: str | None, registered: str | None) -> Row:
        certified = subject.get(short, "") if found.prepared else None
        return _row(label, found.asked(short), ordered, registered, certified)

    yield row(_("Organisation (O)"), "O", application.organisation.name, organisation)
    if not CertificateType(application.type).is_server:
        yield row(_("Unit (OU)"), "OU", None, unit)
    yield row(_("Locality (L)"), "L", None, known.locality if known else "")
    yield row(_("Name (CN)"), "CN", name, None)
    if application.system_oid:
        yield row(_("System's OID"), "serialNumber", application.system_oid, None)


def _contents(found: Sources) -> Iterator[Row]:
    application, record, prepared = found.application, found.record, found.prepared
    if application.host_names.all():
        yield _hosts(found)
        yield _purpose(found)
    key = found.csr.get("key", {}).get("spki_sha256", "")
    certified = prepared.spki_sha256 if prepared else None
    yield _row(_("SHA-256 of the public key"), key, None, None, certified)
    business_id = next((one.code for one in application.organisation.business_ids.all()), "")
    registered = record.business_id if record else ""
    cells = [SILENT, Cell(business_id), _compared(registered, business_id), SILENT]
    yield Row(_("Business ID"), cells)
    oid = record.oid if record else ""
    cells = [SILENT, Cell(application.record_oid), _compared(oid, application.record_oid), SILENT]
    yield Row(_("OID of the unit"), cells)
    yield _validity(found)


def _hosts(found: Sources) -> Row:
    wanted = [host.name for host in found.application.host_names.all()]
    asked = found.csr.get("dns_names", [])
    first = _compared(", ".join(sorted(asked)), ", ".join(sorted(wanted)), _ignored())
    ordered, last = Cell(", ".join(wanted)), LATER
    if found.prepared:
        certified = specimen.host_names(found.prepared.specimen)
        agrees = sorted(certified) == sorted(wanted)
        ordered = Cell(ordered.value, "same" if agrees else "")
        last = Cell(", ".join(certified), "" if agrees else "clash")
    return Row(_("Host names"), [first, ordered, SILENT, last])


def _purpose(found: Sources) -> Row:
    ordered, last = Cell(found.application.get_purpose_display()), LATER
    if found.prepared:
        certified = specimen.purposes(found.prepared.specimen)
        agrees = set(certified) == {f"{one}Auth" for one in PURPOSES[found.application.purpose]}
        ordered = Cell(ordered.value, "same" if agrees else "")
        last = Cell(", ".join(certified), "" if agrees else "clash")
    return Row(_("Purpose of use"), [SILENT, ordered, SILENT, last])


def _validity(found: Sources) -> Row:
    months = found.application.validity_months or 0
    ordered = ngettext("%(months)d month", "%(months)d months", months) % {"months": months}
    last = LATER
    if found.prepared:
        begins, ends = specimen.moments(found.prepared)
        last = Cell(_("%(first)s – %(last)s") % {"first": begins, "last": ends})
    return Row(_("Validity"), [SILENT, Cell(ordered), SILENT, last])


def _row(
    label: str, asked: str, ordered: str | None, registered: str | None, certified: str | None
) -> Row:
    """Compare each source with the certificate-to-be once there is one; None is silent."""
    base = certified or ""
    cells = [
        _compared(asked, base, _ignored()),
        _compared(ordered, base),
        _compared(registered, base, _("Written in another way in the certificate")),
        LATER if certified is None else Cell(certified),
    ]
    return Row(label, cells)


def _compared(value: str | None, base: str, note: str = "") -> Cell:
    if value is None:
        return SILENT
    if not value or not base:
        return Cell(value)
    return Cell(value, "same") if value == base else Cell(value, "differs", note)


def _ignored() -> str:
    return _("Differs; the certificate does not follow the request")
