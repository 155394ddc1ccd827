"""Three columns: what the request says, what the register says, what the certificate will say."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models import Application, Csr
from applications.models.certificate_types import CertificateType
from applications.rules.certificate_names import LONGEST, Names, names, settled_names
from issuance.certificate.hosts import host_problem, with_unicode
from issuance.certificate.names import foreign_characters

COLUMNS = (
    gettext_lazy("Your certificate request"),
    gettext_lazy("The register and your order"),
    gettext_lazy("The certificate"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value; `verdict` is same, differs, clash, left_out or empty; `note` says it in words.

    A source that never tells the item is silent; one that tells it later, or is not filled in yet,
    says so.
    """

    value: str = ""
    verdict: str = ""
    note: str = ""


SILENT = Cell(verdict="silent")
LATER = Cell(verdict="later")
UNFILLED = Cell(verdict="unfilled")
"""Of a part of the order that nobody has filled in yet."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item over the columns."""

    label: str
    cells: list[Cell] = field(default_factory=list)


def readable(row: Row) -> Row:
    """Return the row of host names with the Unicode form of each behind it."""
    cells = [replace(cell, value=_in_unicode(cell.value)) for cell in row.cells]
    return Row(row.label, cells)


def _in_unicode(names: str) -> str:
    return ", ".join(map(with_unicode, names.split(", ")))


def comparison(application: Application, stored: Csr, *, now: datetime) -> list[Row]:
    """Return the rows; the certificate never follows the request but for its key."""
    decoded = stored.report["csr"]
    found = names(application, now=now)
    kind = application.kind
    rows = _names(decoded, found, kind)
    if not application.record_oid:
        unit = _("Unit (OU)")
        rows = [_unfilled(row) for row in rows if kind.carries_unit or row.label != unit]
    expected = settled_names(application, now=now)
    if kind.has_host_names:
        rows += _server(list(expected.dns_names), decoded)
    if kind.has_system and application.system_oid:
        rows += _system(application, decoded)
    common_name = expected.common_name or ""
    asked = asked_in(decoded, "CN")
    named = _row(_("Name (CN)"), asked, common_name, common_name)
    rows.append(readable(named if common_name else _unfilled(named)))
    key = decoded["key"]
    described = " ".join(str(one) for one in (key["kind"], key["curve"] or key["bits"]) if one)
    return [*rows, Row(_("Key"), [Cell(described, "same"), SILENT, Cell(described)])]


def _names(decoded: dict[str, Any], found: Names | None, kind: CertificateType) -> list[Row]:
    organisation = found.organisation if found else None
    unit = found.unit if found else None
    rows = [
        _row(
            _("Organisation (O)"),
            asked_in(decoded, "O"),
            organisation.full if organisation else "",
            organisation.value if organisation else "",
        ),
        _row(
            _("Unit (OU)"),
            asked_in(decoded, "OU"),
            unit.full if unit else "",
            unit.value if unit and kind.carries_unit else "",
        ),
    ]
    locality = found.locality if found else ""
    return [*rows, _row(_("Locality (L)"), asked_in(decoded, "L"), locality, locality)]


def _server(names: list[str], decoded: dict[str, Any]) -> list[Row]:
    ordered = ", ".join(names)
    asked = ", ".join(decoded["dns_names"])
    agrees = sorted(decoded["dns_names"]) == sorted(ordered.split(", "))
    if not ordered:
        return [readable(_unfilled(Row(_("Host names"), [Cell(asked)])))]
    first = Cell(asked, "same") if agrees else _differing(asked, ordered)
    return [readable(Row(_("Host names"), [first, Cell(ordered), Cell(ordered)]))]


def _system(application: Application, decoded: dict[str, Any]) -> list[Row]:
    oid = application.system_oid
    return [_row(_("OID of the information system"), asked_in(decoded, "serialNumber"), oid, oid)]


def asked_in(decoded: dict[str, Any], label: str) -> str:
    """Return the decoded request's values of a subject attribute, empty when it has none."""
    subject = decoded.get("subject", [])
    return ", ".join(one["value"] for one in subject if one["label"] == label)


def names_in(stored: Csr) -> list[str]:
    """Return the host names in a request: its CN, if that is one, where it has no others."""
    decoded = stored.report["csr"]
    name = asked_in(decoded, "CN")
    found: list[str] = decoded["dns_names"] or ([] if host_problem(name) else [name])
    return found


def _row(label: str, asked: str, known: str, certified: str) -> Row:
    first = Cell(asked)
    if asked and certified:
        first = Cell(asked, "same") if asked == certified else _differing(asked, certified)
    return Row(label, [first, _registered(known, certified), Cell(certified)])


def _unfilled(row: Row) -> Row:
    """Return what the request says of an item whose part of the order is not filled in yet."""
    return Row(row.label, [Cell(row.cells[0].value), UNFILLED, UNFILLED])


def _registered(known: str, certified: str) -> Cell:
    """Say why the certificate cannot carry the register's own name as it stands."""
    if not known or known == certified:
        return Cell(known)
    if len(known) > LONGEST:
        values = {"length": len(known), "most": LONGEST}
        return Cell(known, "differs", _("%(length)d characters; at most %(most)d fit.") % values)
    if foreign := " ".join(foreign_characters(known)):
        note = _("A certificate cannot carry the characters %(characters)s.")
        return Cell(known, "differs", note % {"characters": foreign})
    return Cell(known) if certified else Cell(known, "left_out", _("Not in this certificate."))


def _differing(asked: str, certified: str) -> Cell:
    """Say what the certificate gets: screen readers and narrow screens have no columns."""
    note = _("Differs. The certificate gets: %(name)s") % {"name": _in_unicode(certified)}
    return Cell(asked, "differs", note) if asked else Cell("")
