"""The queue as a file for a spreadsheet."""

import csv
import io
from collections.abc import Iterable

from django.utils.translation import gettext as _

from applications.kinds import CertificateType
from applications.models import Application

# A cell that begins so is run as a formula by spreadsheets (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_of(cases: Iterable[Application]) -> bytes:
    """Return the cases as semicolon-separated UTF-8 with a byte order mark, as Excel reads it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([quoted(name) for name in head()])
    for case in cases:
        writer.writerow([quoted(cell) for cell in row(case)])
    return text.getvalue().encode("utf-8-sig")


def head() -> list[str]:
    """Return the names of the columns."""
    return [
        _("Order"),
        _("Organisation"),
        _("Business ID"),
        _("Type of certificate"),
        _("Environment"),
        _("Status"),
        _("Promised day"),
        _("Reviewer"),
        _("Submitted"),
    ]


def row(case: Application) -> list[str]:
    """Return one case; days in ISO 8601, so that they sort."""
    kind = CertificateType(case.type)
    return [
        case.number,
        case.organisation.name,
        business_id_of(case),
        str(kind.label),
        "test" if kind.is_test else "production",
        case.get_status_display(),
        case.due_on.isoformat() if case.due_on else "",
        str(case.reviewer or ""),
        case.submitted_at.date().isoformat() if case.submitted_at else "",
    ]


def business_id_of(case: Application) -> str:
    """Return the organisation's present business ID."""
    known = case.organisation.business_ids.all()
    return next((one.code for one in known if one.valid_to is None), "")


def quoted(cell: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
