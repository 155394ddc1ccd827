"""Compare in three columns the request, the register and order, and the future certificate."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from applications.models import Application, Csr
from applications.models.certificate_types import CertificateType
from applications.rules import fields
from applications.rules.certificate_names import (
    LONGEST,
    Names,
    names,
    not_carried,
    settled_names,
)
from issuance.certificate.hosts import host_problem, with_unicode
from issuance.certificate.submission import PURPOSES

COLUMNS = (
    gettext_lazy("Your certificate request"),
    gettext_lazy("The register and the order"),
    gettext_lazy("The certificate"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value; `note` explains `verdict`, which is same, differs, clash, left_out or empty.

    Or the source has no value: never (silent), not yet (later), or not filled in (unfilled).
    """

    value: str = ""
    verdict: str = ""
    note: str = ""


SILENT = Cell(verdict="silent")
LATER = Cell(verdict="later")
UNFILLED = Cell(verdict="unfilled")
"""The part of the order is not filled in yet."""


@dataclass(frozen=True, slots=True)
class Row:
    """A field with its value in each column; `id` is its anchor on a page with links to it."""

    label: str
    cells: list[Cell] = field(default_factory=list)
    id: str = ""


def readable(row: Row) -> Row:
    """Return the row of host names with the Unicode form of each added."""
    cells = [replace(cell, value=_in_unicode(cell.value)) for cell in row.cells]
    return replace(row, cells=cells)


def _in_unicode(names: str) -> str:
    return ", ".join(map(with_unicode, names.split(", ")))


def comparison(application: Application, stored: Csr, *, now: datetime) -> list[Row]:
    """Return the rows; the certificate takes only the key from the request."""
    decoded = stored.report["csr"]
    order_names = names(application, now=now)
    kind = application.kind
    rows = _names(decoded, order_names, kind)
    if not application.record_oid:
        unit = _("Unit (OU)")
        rows = [_unfilled(row) for row in rows if kind.carries_unit or row.label != unit]
    expected = settled_names(application, now=now)
    if kind.has_host_names:
        rows += _server(list(expected.dns_names), decoded)
        rows.append(_purpose(application.purpose, decoded))
    if kind.has_system and (oid := application.system_oid):
        asked = asked_in(decoded, "serialNumber")
        rows.append(_row(_("OID of the information system"), asked, oid, oid))
    common_name = expected.common_name or ""
    requested = asked_in(decoded, "CN")
    common_name_row = _row(_("Name (CN)"), requested, common_name, common_name)
    rows.append(readable(common_name_row if common_name else _unfilled(common_name_row)))
    key = decoded["key"]
    described = " ".join(str(part) for part in (key["kind"], key["curve"] or key["bits"]) if part)
    return [*rows, Row(_("Key"), [Cell(described, "same"), SILENT, Cell(described)])]


def _names(decoded: dict[str, Any], order_names: Names | None, kind: CertificateType) -> list[Row]:
    organisation = order_names.organisation if order_names else None
    unit = order_names.unit if order_names else None
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
    locality = order_names.locality if order_names else ""
    return [*rows, _row(_("Locality (L)"), asked_in(decoded, "L"), locality, locality)]


def _server(names: list[str], decoded: dict[str, Any]) -> list[Row]:
    ordered = ", ".join(names)
    requested = ", ".join(decoded["dns_names"])
    agrees = sorted(decoded["dns_names"]) == sorted(ordered.split(", "))
    if not ordered:
        return [readable(_unfilled(Row(_("Host names"), [Cell(requested)])))]
    first = Cell(requested, "same") if agrees else _differing(requested, ordered)
    return [readable(Row(_("Host names"), [first, Cell(ordered), Cell(ordered)]))]


def _purpose(ordered: str, decoded: dict[str, Any]) -> Row:
    asked, wanted = purposes_in(decoded), purposes_of(ordered) if ordered else []
    requested, certified = ", ".join(asked), ", ".join(wanted)
    row = Row(_("Purpose of use"), [Cell(requested)])
    if not ordered:
        return _unfilled(row)
    agrees = set(asked) == set(wanted)
    first = Cell(requested, "same") if agrees else _differing(requested, certified)
    words = fields.BY_KEY["purpose"].in_words(ordered)
    return replace(row, cells=[first, Cell(words), Cell(certified)])


def purposes_in(decoded: dict[str, Any]) -> list[str]:
    """Return the extended key usages that the decoded request asks for, by their usual names."""
    asked = decoded.get("requested_extensions", [])
    texts = (one["value_text"] for one in asked if one["label"] == "extendedKeyUsage")
    return [name for text in texts for name in text.split(", ")]


def purposes_of(ordered: str) -> list[str]:
    """Return the extended key usages of a certificate with that purpose."""
    return [f"{name}Auth" for name in ("server", "client") if name in PURPOSES[ordered]]


def asked_in(decoded: dict[str, Any], label: str) -> str:
    """Return the decoded request's values of a subject attribute, empty when it has none."""
    subject = decoded.get("subject", [])
    return ", ".join(part["value"] for part in subject if part["label"] == label)


def names_in(stored: Csr) -> list[str]:
    """Return the host names in a request: its DNS names, else its CN if that is a host name."""
    decoded = stored.report["csr"]
    name = asked_in(decoded, "CN")
    hosts: list[str] = decoded["dns_names"] or ([] if host_problem(name) else [name])
    return hosts


def _row(label: str, requested: str, registered: str, certified: str) -> Row:
    first = Cell(requested)
    if requested and certified:
        first = (
            Cell(requested, "same") if requested == certified else _differing(requested, certified)
        )
    return Row(label, [first, _registered(registered, certified), Cell(certified)])


def _unfilled(row: Row) -> Row:
    """Return the row with the request's value only, because the order's part is not filled in."""
    return Row(row.label, [Cell(row.cells[0].value), UNFILLED, UNFILLED])


def _registered(registered: str, certified: str) -> Cell:
    """Return the register's name, with a note if the certificate cannot carry it unchanged."""
    if not registered or registered == certified:
        return Cell(registered)
    if len(registered) > LONGEST:
        values = {"length": len(registered), "most": LONGEST}
        return Cell(
            registered, "differs", _("%(length)d characters; at most %(most)d fit.") % values
        )
    if foreign := " ".join(not_carried(registered)):
        note = _("A certificate cannot carry the characters %(characters)s.")
        return Cell(registered, "differs", note % {"characters": foreign})
    return (
        Cell(registered)
        if certified
        else Cell(registered, "left_out", _("Not in this certificate."))
    )


def _differing(requested: str, certified: str) -> Cell:
    """Return the request's value with a note on the certificate's, for displays without columns."""
    note = _("Differs. The certificate gets: %(name)s") % {"name": _in_unicode(certified)}
    return Cell(requested, "differs", note) if requested else Cell("")
