"""Compare request, application, register and prepared certificate side by side.

The organisation's previous certificate for the same name is a further column.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography import x509
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.register.models import RegisterRecord
from applications.models import Application
from applications.rules import fields
from applications.rules.certificate_names import Names, names
from applications.rules.last_submission import Sent
from applications.views.console.case import specimen
from applications.views.shared.certificate import purposes
from applications.views.shared.comparison import (
    LATER,
    SILENT,
    Cell,
    Row,
    asked_in,
    purposes_in,
    purposes_of,
    readable,
)
from applications.workflow import ENDED
from issuance.certificate.names import subject_values
from issuance.models import Certificate, PreparedCertificate

ORGANISATION, NAME = "compared-organisation", "compared-name"
"""The anchors of rows to which the checklist leads."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The data to compare; `record`, `names` and `prepared` may be unknown.

    `sent` is the last submission; unsent changes by the applicant are not shown.
    """

    sent: Sent
    csr: dict[str, Any]
    record: RegisterRecord | None
    names: Names | None
    prepared: PreparedCertificate | None

    def asked(self, label: str) -> str:
        """Return the request's values of a subject attribute."""
        return asked_in(self.csr, label)


def columns(application: Application, latest: PreparedCertificate | None) -> list[str]:
    """Return the names of the columns; `latest`: the attempt that is compared."""
    is_made = latest is not None and latest.state == PreparedCertificate.State.ISSUED
    is_over = is_made or application.status in ENDED
    return [
        _("Certificate request (CSR)"),
        _("Application"),
        _("Register"),
        _("Certificate") if is_over else _("Certificate to be issued"),
    ]


def sources(
    application: Application, prepared: PreparedCertificate | None, *, now: datetime
) -> Sources:
    """Return the data to compare; a refused attempt has no certificate."""
    report = application.csr.report if application.csr else {}
    submission, sent = application.submission, Sent.of(application)
    return Sources(
        sent=sent,
        csr=report.get("csr") or {},
        record=submission.record if submission else None,
        names=names(sent, now=now),
        prepared=prepared if prepared and prepared.specimen_der else None,
    )


def rows(sources: Sources) -> list[Row]:
    """Return the rows of the comparison, one for each field."""
    subject = subject_values(sources.prepared.specimen) if sources.prepared else {}
    return [*_subject(sources, subject), *_contents(sources)]


def _subject(sources: Sources, subject: dict[str, str]) -> Iterator[Row]:
    sent, order_names = sources.sent, sources.names
    organisation = order_names.organisation.full if order_names else ""
    unit = order_names.unit.full if order_names and order_names.unit else ""
    name = sent.system_name or sent.certified_email or next(iter(sent.hosts), "")

    def row(label: str, short: str, ordered: str | None, registered: str | None) -> Row:
        certified = subject.get(short, "") if sources.prepared else None
        return _row(label, sources.asked(short), ordered, registered, certified)

    row_o = row(_("Organisation (O)"), "O", sent.organisation, organisation)
    yield replace(row_o, id=ORGANISATION)
    if sent.type.carries_unit:
        yield row(_("Unit (OU)"), "OU", None, unit)
    yield row(_("Locality (L)"), "L", None, order_names.locality if order_names else "")
    yield replace(readable(row(_("Name (CN)"), "CN", name, None)), id=NAME)
    if sent.system_oid:
        yield row(_("System's OID"), "serialNumber", sent.system_oid, None)


def _contents(sources: Sources) -> Iterator[Row]:
    sent, record, prepared = sources.sent, sources.record, sources.prepared
    if sent.hosts:
        yield _hosts(sources)
        yield _purpose(sources)
    key = sources.csr.get("key", {}).get("spki_sha256", "")
    certified = prepared.spki_sha256 if prepared else None
    yield _row(_("SHA-256 of the public key"), key, None, None, certified)
    for label, ordered, registered in (
        (_("Business ID"), sent.business_id, record.business_id if record else ""),
        (_("OID of the unit"), sent.record_oid, record.oid if record else ""),
    ):
        unlike = _compared(registered, ordered, _("Differs from the application"))
        yield Row(label, [SILENT, Cell(ordered), unlike, SILENT])
    yield _validity(sources)


def _hosts(sources: Sources) -> Row:
    hosts = sources.sent.hosts
    requested = sources.csr.get("dns_names", [])
    first = _compared(", ".join(sorted(requested)), ", ".join(sorted(hosts)), _ignored())
    ordered, last = Cell(", ".join(hosts)), LATER
    if sources.prepared:
        certified = specimen.host_names(sources.prepared.specimen)
        agrees = sorted(certified) == sorted(hosts)
        ordered = Cell(ordered.value, "same" if agrees else "")
        last = Cell(", ".join(certified), "" if agrees else "clash")
    return readable(Row(_("Host names"), [first, ordered, SILENT, last]))


def _purpose(sources: Sources) -> Row:
    wanted, asked = purposes_of(sources.sent.purpose), purposes_in(sources.csr)
    agrees = not asked or set(asked) == set(wanted)
    told = ", ".join(asked)
    first = _compared(told, told if agrees else ", ".join(wanted), _ignored())
    ordered, last = Cell(fields.BY_KEY["purpose"].in_words(sources.sent.purpose)), LATER
    if sources.prepared:
        certified = purposes(sources.prepared.specimen)
        agrees = set(certified) == set(wanted)
        ordered = Cell(ordered.value, "same" if agrees else "")
        last = Cell(", ".join(certified), "" if agrees else "clash")
    return Row(_("Purpose of use"), [first, ordered, SILENT, last])


def _validity(sources: Sources) -> Row:
    ordered = fields.BY_KEY["validity_months"].in_words(sources.sent.validity_months)
    last = LATER
    if sources.prepared:
        begins, ends = specimen.moments(sources.prepared)
        last = Cell(_("%(first)s – %(last)s") % {"first": begins, "last": ends})
    return Row(_("Validity"), [SILENT, Cell(ordered), SILENT, last])


def _row(
    label: str, requested: str, ordered: str | None, registered: str | None, certified: str | None
) -> Row:
    """Compare each source with the prepared certificate, if any; None: the source has no value."""
    base = certified or ""
    cells = [
        _compared(requested, base, _ignored()),
        _compared(ordered, base, _("Differs from the certificate to be issued")),
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


def previous(application: Application) -> Certificate | None:
    """Return the organisation's latest other certificate for the same host, system or mailbox."""
    first = next(iter(application.names), None)
    same_name = Q(host_names__name=first) if first else Q(pk__in=[])
    for name in ("system_oid", "certified_email"):
        if value := getattr(application, name):
            same_name |= Q(**{name: value})
    orders = Application.objects.filter(same_name, organisation=application.organisation_id)
    orders = orders.filter(type=application.type).exclude(pk=application.pk)
    certificates = Certificate.objects.filter(reference__in=orders.values("pk"))
    return certificates.order_by("-issued_at").first()


def beside(rows: list[Row], certificate: Certificate) -> list[Row]:
    """Return the rows of the comparison with a cell for the previous certificate added."""
    values = _values_of(certificate)
    return [_with_previous(row, values.get(row.label)) for row in rows]


def _with_previous(row: Row, value: str | None) -> Row:
    cell = SILENT
    if value is not None:
        present = row.cells[-1].value
        differs = bool(present) and value != present and row.label in _names()
        cell = Cell(value, "differs" if differs else "", _("Was written so") if differs else "")
    return replace(row, cells=[*row.cells, cell])


def _values_of(certificate: Certificate) -> dict[str, str]:
    parsed = x509.load_der_x509_certificate(bytes(certificate.der))
    subject = subject_values(parsed)
    values = {label: subject.get(short, "") for label, short in _names().items()}
    return values | {
        _("Name (CN)"): _readable(subject.get("CN", "")),
        _("Host names"): _readable(", ".join(specimen.host_names(parsed))),
        _("SHA-256 of the public key"): certificate.spki_sha256,
    }


def _readable(names: str) -> str:
    return readable(Row("", [Cell(names)])).cells[0].value


def _names() -> dict[str, str]:
    """Return the attributes of the subject by the labels of their rows ("" for host names)."""
    return {
        _("Organisation (O)"): "O",
        _("Unit (OU)"): "OU",
        _("Locality (L)"): "L",
        _("Name (CN)"): "CN",
        _("System's OID"): "serialNumber",
        _("Host names"): "",
    }
