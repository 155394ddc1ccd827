"""Read the rows of a bulk order from CSV text, and check them."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from accounts.models import Organisation
from accounts.register.models import RegisterRecord
from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules import intermediaries
from applications.services.applicant.bulk_orders import MOST_ORDERS, Row
from applications.views.order.forms.hosts import host_names
from applications.views.order.forms.parts import SystemForm
from applications.views.order.unit import offer
from certportal.foundation.text import invisible

COLUMNS: Mapping[str, Promise] = {
    "record_oid": gettext_lazy("OID of the unit"),
    "unit": gettext_lazy("Organisational unit"),
    "host_names": gettext_lazy("Host names"),
    "system_name": gettext_lazy("Information system"),
    "system_oid": gettext_lazy("System's OID"),
    "system_oid_reason": gettext_lazy(
        "Why the system's OID is not under the organisation's own root"
    ),
}
_SYSTEM = ("system_name", "system_oid", "system_oid_reason")
_DELIMITERS = ";\t,"
_SEPARATOR = re.compile(rf'"?sep=([{_DELIMITERS}])"?[{_DELIMITERS}]*\r?(?:\n|\Z)', re.IGNORECASE)
"""The first line by which a file tells Excel, and Excel tells others, its delimiter."""
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Unreadable(ValidationError):
    """The upload is not CSV text."""


@dataclass(slots=True)
class Line:
    """A row: its number in the text, its cells, its faults, and the order's values if it has none.

    `said` has messages about host names that were read differently from what was written.
    """

    number: int
    cells: dict[str, str]
    faults: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    row: Row | None = None

    @property
    def written(self) -> str:
        """The non-empty cells on one line."""
        return "; ".join(cell for cell in self.cells.values() if cell)[:300]


def columns(kind: CertificateType) -> tuple[str, ...]:
    """Return the columns of a row of the type, in order."""
    specific = ("host_names",) if kind.has_host_names else _SYSTEM
    return ("record_oid", "unit", *specific)


def decoded(data: bytes) -> str:
    """Return the text of an uploaded file: UTF-8, UTF-16 with a byte order mark, or else cp1252.

    Raises Unreadable for a file that is not text.
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")  # Excel's default in western Europe
    if "\0" in text or data.startswith(b"PK\x03\x04"):
        words = _("The file is not a CSV file. Save the table as CSV in your spreadsheet program.")
        raise Unreadable(words)
    return text


def lines(text: str, kind: CertificateType) -> list[Line]:
    """Return the rows that are not empty, with cells by column of the type.

    A first row with names of columns, in any language, defines their order. A cell outside the
    columns is a fault of its row, so that no input is ignored silently. Raises Unreadable.
    """
    order, result = columns(kind), list[Line]()
    try:
        for place, (number, cells) in enumerate(_split(text)):
            if place == 0 and (named := _head(cells, kind)):
                order = named
                continue
            result.append(_line(number, order, cells))
    except csv.Error as error:
        raise Unreadable(
            _("The rows could not be read. Write one order on each row, its cells separated by ;")
        ) from error
    return result


def _line(number: int, order: Sequence[str], cells: Sequence[str]) -> Line:
    placed = list(zip_longest(order, cells[: len(order)], fillvalue=""))
    stray = [cell for name, cell in placed if not name] + list(cells[len(order) :])
    line = Line(number, {name: cell for name, cell in placed if name})
    if cell := next(filter(None, stray), ""):  # report only the first one
        fault = _(
            "“%(value)s” is in no column. Separate the host names of one order by spaces, and write"
            " each order on a row of its own."
        )
        line.faults.append(fault % {"value": cell[:100]})
    return line


def _split(text: str) -> Iterator[tuple[int, list[str]]]:
    text = text.removeprefix("\ufeff")
    passed = 1 if _SEPARATOR.match(text) else 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    for number, cells in enumerate(reader, 1):
        # Files made by this service escape cells that look like formulas (`spreadsheet.quoted`).
        tidy = [" ".join(cell.split()).removeprefix("'") for cell in cells]
        tidy = ["" if invisible.is_blank(cell) else cell for cell in tidy]
        if any(tidy) and number > passed:
            yield number, tidy


def _delimiter(text: str) -> str:
    if told := _SEPARATOR.match(text.removeprefix("\ufeff")):
        return told[1]
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=first.count)  # the first of the three in a tie


def _head(cells: Sequence[str], kind: CertificateType) -> tuple[str, ...]:
    """Return the columns named by the row, "" for empty cells; () if it names no column.

    Raises Unreadable for a column that orders of the type do not have, or a repeated column.
    """
    keys_by_name = dict[str, str]()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            keys_by_name |= {str(name).casefold(): key for key, name in COLUMNS.items()}
    named = tuple(keys_by_name.get(cell.casefold(), "") for cell in cells)
    if not any(named):
        return ()
    unknown = _(
        "The column “%(value)s” does not belong to orders of this type of certificate. Remove it,"
        " or correct its name. The columns are: %(columns)s."
    )
    of_type = ", ".join(str(COLUMNS[name]) for name in columns(kind))
    repeated = _("The column “%(value)s” is there twice. Remove one of them.")
    for cell, name in zip(cells, named, strict=True):
        if cell and name not in columns(kind):
            raise Unreadable(unknown % {"value": cell[:100], "columns": of_type})
        if cell and named.count(name) > 1:
            raise Unreadable(repeated % {"value": cell})
    return named


def with_units(text: str, kind: CertificateType, units: Sequence[RegisterRecord]) -> str:
    """Return the text with a row for each unit added; with a header if it was empty.

    A unit that has a row already gets no second one.
    """
    present = {line.cells.get("record_oid") for line in lines(text, kind)}
    if not any(_split(text)):  # no text, or only delimiters
        text = ";".join(str(COLUMNS[name]) for name in columns(kind)) + "\n"
    _number, first = next(_split(text))
    order, delimiter = _head(first, kind) or columns(kind), _delimiter(text)
    rows = io.StringIO()
    writer = csv.writer(rows, delimiter=delimiter, lineterminator="\n")
    for unit in units:
        if unit.oid not in present:
            cells = {"record_oid": unit.oid, "unit": unit.long_name}
            writer.writerow(cells.get(name, "") for name in order)
    return f"{text.rstrip()}\n{rows.getvalue()}"


class Judge:
    """Checks rows for a type of certificate, with the forms that a single order uses."""

    def __init__(self, draft: Application, *, on: date) -> None:
        """`draft` is an unsaved order with the common fields."""
        self.draft, self.on = draft, on
        self.units = orderable(draft.organisation, on)
        self.by_name: dict[str, list[RegisterRecord]] = {}
        for unit in self.units.values():
            self.by_name.setdefault(_folded(unit.long_name), []).append(unit)
        self.seen: dict[object, int] = {}

    def judge(self, lines: Sequence[Line]) -> bool:
        """Set the faults or the `row` of each line; return whether all lines are valid."""
        for line in lines:
            self._one(line)
        return all(line.row for line in lines)

    def _one(self, line: Line) -> None:
        unit = self._unit(line)
        own, hosts = self._own(line, unit)
        if unit is None or line.faults:
            return
        key = (unit.oid, *sorted(hosts), *own.values())
        first = self.seen.setdefault(key, line.number)
        if first != line.number:
            line.faults.append(_("The same order is on row %(row)d.") % {"row": first})
            return
        place = {"record_kind": unit.kind, "record_oid": unit.oid}
        line.row = Row(place | own, hosts)

    def _unit(self, line: Line) -> RegisterRecord | None:
        oid, name = line.cells.get("record_oid", ""), line.cells.get("unit", "")
        written = oid or name
        if not written and len(self.units) == 1:
            return next(iter(self.units.values()))
        named = self.by_name.get(_folded(written), [])
        unit = self.units.get(written) or (named[0] if len(named) == 1 else None)
        if unit is None:
            line.faults.append(_unit_fault(written, len(named)))
        elif name and _folded(name) != _folded(unit.long_name):
            fault = _(
                "The OID is that of “%(unit)s”, but the row says “%(value)s”. Correct one of the"
                " two, or leave it empty."
            )
            line.faults.append(fault % {"unit": unit.long_name, "value": name[:100]})
        return unit

    def _own(self, line: Line, unit: RegisterRecord | None) -> tuple[dict[str, Any], list[str]]:
        if self.draft.kind.has_host_names:
            return {}, self._hosts(line)
        draft = copy(self.draft)
        if unit is not None:
            draft.record_kind, draft.record_oid = unit.kind, unit.oid
        data = {name: line.cells.get(name, "") for name in _SYSTEM}
        form = SystemForm(draft, data, today=self.on)
        del form.fields["version"]
        if form.is_valid():
            return form.values(), []
        line.faults += [str(fault) for faults in form.errors.values() for fault in faults]
        return {}, []

    def _hosts(self, line: Line) -> list[str]:
        written = line.cells.get("host_names", "")
        if not written:
            words = _(
                "Enter at least one host name. The names can be left to the technical contact"
                " only in an order that you fill in separately."
            )
            line.faults.append(words)
            return []
        try:
            parsed = host_names(written.split())
        except ValidationError as error:
            line.faults += error.messages
            return []
        line.said += parsed.said
        return parsed.names


def orderable(organisation: Organisation, on: date) -> dict[str, RegisterRecord]:
    """Return the records for which the organisation may order on the day, by OID.

    They are in the order of the form. An intermediary orders only for itself, even if it has units
    (`unit.choose`).
    """
    if organisation.kind == Organisation.Kind.INTERMEDIARY:
        record = intermediaries.record_of(organisation, on)
        return {record.oid: record} if record is not None else {}
    return {unit.oid: unit for unit in offer(organisation, "", on).standing}


def _folded(name: str) -> str:
    """Return the name normalised for comparison: spaces, Unicode composition and case."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def _unit_fault(written: str, named: int) -> str:
    if not written:
        return _("Write the OID or the name of the unit.")
    words = _("“%(value)s” is not a unit of your organisation that is in the register.")
    if named:
        words = _("Several of your units are called “%(value)s”. Write the OID of the unit.")
    return words % {"value": written[:100]}


def number_fault(lines: Sequence[Line]) -> str:
    """Return the fault if there are no or too many rows; else ""."""
    if not lines:
        return _("Give at least one row.")
    if len(lines) <= MOST_ORDERS:
        return ""
    return ngettext(
        "There is %(count)d row. Order at most %(limit)d certificates at once.",
        "There are %(count)d rows. Order at most %(limit)d certificates at once.",
        len(lines),
    ) % {"count": len(lines), "limit": MOST_ORDERS}
