"""The organisation's previous certificate for the same name, as a column of the comparison."""

from dataclasses import replace

from cryptography import x509
from django.db.models import Q
from django.utils.translation import gettext as _

from applications.models import Application
from applications.views.console.case import specimen
from applications.views.shared.comparison import SILENT, Cell, Row, readable
from issuance.certificate.names import subject_values
from issuance.models import Certificate


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
    values = _values(certificate)
    return [_with_previous(row, values.get(row.label)) for row in rows]


def _with_previous(row: Row, value: str | None) -> Row:
    cell = SILENT
    if value is not None:
        present = row.cells[-1].value
        differs = bool(present) and value != present and row.label in _names()
        cell = Cell(value, "differs" if differs else "", _("Was written so") if differs else "")
    return replace(row, cells=[*row.cells, cell])


def _values(certificate: Certificate) -> dict[str, str]:
    """Return the certificate's values by the label of the row."""
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
