"""The contents of an order in words, by part: for the task list, the check and the order page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field as dataclass_field
from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy

from applications.models import Application
from applications.models.certificate_types import Delivery
from applications.rules import conformity, fields, proposed_names, sections
from applications.rules.certificate_names import names
from applications.workflow import ENDED, Status
from certportal.foundation import clock


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    value: str = ""
    values: list[str] = dataclass_field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the order: its rows, and the URL where it is changed ("" if it cannot be).

    `optional`: the order can do without it. `left_out`: optional, and nothing is given.
    """

    id: str
    title: str
    rows: list[Row]
    complete: bool
    url: str = ""
    optional: bool = False
    left_out: bool = False

    @property
    def is_said_by_title(self) -> bool:
        """Whether the title says already what its only row is."""
        return [row.label for row in self.rows] == [self.title]

    @property
    def hint(self) -> str:
        """The first value, for the task list."""
        row = self.rows[0] if self.rows else None
        if not self.complete or row is None:
            return ""
        return row.value or ", ".join(row.values)


def parts(application: Application, *, now: datetime) -> list[Part]:
    """Return the parts of the order; those open to change with their URL."""
    open_now = sections.editable(application, now=now)
    return [
        Part(
            id=section.id,
            title=str(section.title),
            rows=rows(application, section.id, now=now),
            complete=section.complete(application),
            url=part_url(application, section.id) if section.id in open_now else "",
            optional=section.optional(application),
            left_out=section.optional(application) and not section.is_touched(application),
        )
        for section in sections.asked(application, on=clock.day(now))
    ]


def part_url(application: Application, section_id: str) -> str:
    return reverse("applications:part", args=[application.pk, section_id])


def rows(application: Application, section_id: str, *, now: datetime) -> list[Row]:
    """Return the rows of a part: its required fields, and other fields that have a value."""
    if section_id in ROWS_OF_PART:
        return list(ROWS_OF_PART[section_id](application, now))
    return list(_fields(application, section_id))


type Rows = Iterator[Row]


def _fields(application: Application, section_id: str) -> Rows:
    for field in fields.of(section_id):
        value = field.value(application)
        if isinstance(value, list):
            yield Row(str(field.label), values=[field.words(item) for item in value])
        elif value or fields.REQUIRED in field.marks:
            yield Row(str(field.label), field.in_words(value))


def _host_names(application: Application, _now: datetime) -> Rows:
    names = fields.BY_KEY["host_names"]
    values = [names.words(name) for name in application.names]
    left = "" if values or not proposed_names.are_left(application) else LEFT
    proposed = values and proposed_names.are_awaited(application)
    yield Row(_("Proposed host names") if proposed else str(names.label), str(left), values)


def _unit(application: Application, now: datetime) -> Rows:
    order_names = names(application, now=now) if application.record_oid else None
    if order_names is None:
        yield Row(_("Organisational unit"), application.record_oid)
        return
    full = order_names.unit.full if order_names.unit else order_names.organisation.full
    yield Row(_("Organisational unit"), f"{full} ({application.record_oid})")
    unwritten = _("The reviewer chooses how the long name is shortened")
    yield Row(_("Organisation in the certificate"), order_names.organisation.value or unwritten)
    if order_names.unit and application.kind.carries_unit:
        yield Row(_("Unit in the certificate"), order_names.unit.value or unwritten)
    if order_names.locality:
        yield Row(_("Locality in the certificate"), order_names.locality)


def _conformity(application: Application, _now: datetime) -> Rows:
    attached = conformity.document(application)
    yield from (row for row in _fields(application, "conformity") if not row.values)
    yield Row(_("Attached document"), attached.name if attached else "")


def _validity(application: Application, now: datetime) -> Rows:
    months = fields.BY_KEY["validity_months"]
    yield Row(str(months.label), months.in_words(application.validity_months))
    if application.validity_months:
        yield Row(_("Validity begins"), _begins(application, now))


def _begins(application: Application, now: datetime) -> str:
    """Return when validity begins; a chosen day that has passed does not delay the certificate."""
    start = application.start
    if start is None:
        return _("As soon as it is issued")
    chosen = date_format(start, "SHORT_DATE_FORMAT")
    if start >= clock.day(now) or application.status in {Status.ISSUED, *ENDED}:
        return chosen
    return _("As soon as it is issued; the chosen day %(day)s has passed") % {"day": chosen}


def _technical(application: Application, _now: datetime) -> Rows:
    if not application.technical_name:
        needed = sections.needs_technical_contact(application)
        yield Row(_("Technical contact"), "" if needed else _("Nobody is named"))
    language = str(fields.BY_KEY["technical_language"].label)
    is_written_to = application.technical_name or application.deputy_name
    rows = _fields(application, "technical")
    yield from (row for row in rows if is_written_to or row.label != language)


def _csr(application: Application, _now: datetime) -> Rows:
    yield Row(_("Certificate request (CSR)"), csr_words(application))
    if application.csr is not None:
        yield Row(_("SHA-256 of the request"), application.csr.sha256)


def csr_words(application: Application) -> str:
    """Return which request the order has, or who sends it; "" if that is not decided yet."""
    if application.csr is not None:
        key = (application.csr.report.get("csr") or {}).get("key", {})
        kind = key.get("curve") or key.get("bits", "")
        return _("Given, key %(kind)s") % {"kind": f"{key.get('kind', '')} {kind}"}
    if application.csr_by == Delivery.TECHNICAL_CONTACT:
        return _("The technical contact sends it after the order is submitted")
    return _("You send it after the order is submitted") if application.csr_by else ""


LEFT = gettext_lazy("The technical contact proposes them with the certificate request")
# The parts whose rows are not simply those of their fields.
ROWS_OF_PART: dict[str, Callable[[Application, datetime], Rows]] = {
    "host_names": _host_names,
    "unit": _unit,
    "conformity": _conformity,
    "validity": _validity,
    "technical": _technical,
    "csr": _csr,
}
