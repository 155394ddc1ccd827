"""The previous certificate of the same name, as a column of the comparison."""

from dataclasses import replace

from cryptography import x509
from django.db.models import Q
from django.utils.translation import gettext as _

from applications.models import Application
from applications.views.console.case import specimen
from applications.views.shared.comparison import SILENT, Cell, Row, readable
from issuance.models import Certificate


def previous(application: Application) -> Certificate | None:
    """Return the organisation's latest other certificate for the same host, system or mailbox."""
    first = next(iter(application.names), None)
    same = Q(host_names__name=first) if first else Q(pk__in=[])
    for name in ("system_oid", "certified_email"):
        if value := getattr(application, name):
            same |= Q(**{name: value})
    orders = Application.objects.filter(same, organisation=application.organisation_id)
    orders = orders.filter(type=application.type).exclude(pk=application.pk)
    found = Certificate.objects.filter(reference__in=orders.values("pk"))
    return found.order_by("-issued_at").first()


def beside(rows: list[Row], certificate: Certificate) -> list[Row]:
    """Return the rows of the comparison with a cell of the previous certificate at the end."""
    known = _told(certificate)
    return [_with(row, known.get(row.label)) for row in rows]


def _with(row: Row, value: str | None) -> Row:
    cell = SILENT
    if value is not None:
        now = row.cells[-1].value
        unlike = bool(now) and value != now and row.label in _names()
        cell = Cell(value, "differs" if unlike else "", _("Was written so") if unlike else "")
    return replace(row, cells=[*row.cells, cell])


def _told(certificate: Certificate) -> dict[str, str]:
    """Return what it says, by the label of the row; key and validity are new in any renewal."""
    parsed = x509.load_der_x509_certificate(bytes(certificate.der))
    subject = specimen.attributes(parsed)
    told = {label: subject.get(short, "") for label, short in _names().items()}
    return told | {
        _("Name (CN)"): _readable(subject.get("CN", "")),
        _("Host names"): _readable(", ".join(specimen.host_names(parsed))),
        _("SHA-256 of the public key"): certificate.spki_sha256,
    }


def _readable(names: str) -> str:
    return readable(Row("", [Cell(names)])).cells[0].value


def _names() -> dict[str, str]:
    """Return the attributes of the subject by the labels of their rows, and the host names."""
    return {
        _("Organisation (O)"): "O",
        _("Unit (OU)"): "OU",
        _("Locality (L)"): "L",
        _("Name (CN)"): "CN",
        _("System's OID"): "serialNumber",
        _("Host names"): "",
    }
