"""Start a bulk order: its type, its rows, and the fields common to its orders."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext as _, ngettext
from django.views.decorators.http import require_safe

from accounts import access
from accounts.register.lookup.search import search_units
from accounts.register.models import RegisterRecord
from applications import services
from applications.errors import NotStanding
from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules import intermediaries
from applications.rules.unit_ownership import OtherOwner
from applications.services.applicant.bulk_orders import MOST_ORDERS
from applications.views.bulk import sheet
from applications.views.bulk.forms import TYPES, Common, ManyTypeForm, RowsForm
from applications.views.order import unit
from applications.views.shared import spreadsheet
from applications.views.shared.entry import applicant_view, by_person
from certportal.foundation import clock
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits
from certportal.foundation.web.forms import shown_again

SHOWN = 100
"""The most units that are listed; others are found by searching."""


@applicant_view
def choose_type(request: HttpRequest) -> HttpResponse:
    """Ask for the type of all orders."""
    form = ManyTypeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("applications:order_many", form.cleaned_data["type"])
    return render(request, "applications/bulk/type.html", {"form": form})


@applicant_view
@require_safe
def template_csv(request: HttpRequest, type: str) -> HttpResponseBase:
    """Download a CSV table with the organisation's units, to be filled in for the type."""
    kind = _kind(type)
    units = sheet.orderable(access.organisation_of(request), clock.day(clock.now()))
    head = [str(sheet.COLUMNS[name]) for name in sheet.columns(kind)]
    empty = [""] * (len(head) - 2)
    rows = ([unit.oid, unit.long_name, *empty] for unit in units.values())
    return spreadsheet.answer(f"orders-{kind.value}", head, rows)


@applicant_view
def order_many(request: HttpRequest, type: str) -> HttpResponse:
    """Ask for the rows, then for the common fields, and create the drafts.

    Nothing is stored before that: the pages carry the input in their forms.
    """
    draft, act = _draft(request, _kind(type)), request.POST.get("act", "")
    judge = sheet.Judge(draft, on=clock.day(clock.now()))
    if not judge.units:
        return unit.none_standing(request, None)
    form = RowsForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _rows_page(request, draft, form, judge)
    try:  # every button has the rows read or the registers searched
        services.count_reading(**access.acting(request))
    except TooMany as refusal:
        form.refuse(refusal)
        return limits.too_many(_rows_page(request, draft, form, judge), refusal)
    if not form.is_valid() or act not in {"go", "create"}:
        return _rows_page(request, draft, form, judge)
    try:
        lines = sheet.lines(form.text(), draft.kind)
    except ValidationError as error:
        form.add_error("rows", error)
        return _rows_page(request, draft, form, judge)
    if fault := sheet.number_fault(lines):  # too many rows are neither checked nor shown
        form.add_error("rows", fault)
        return _rows_page(request, draft, form, judge)
    if fault := _faults(judge, lines):
        form.add_error("rows", fault)
        return _rows_page(request, draft, form, judge, lines)
    return _common_page(request, draft, form.text(), lines, act)


def _kind(type: str) -> CertificateType:
    if type not in TYPES:
        raise Http404
    return CertificateType(type)


def _draft(request: HttpRequest, kind: CertificateType) -> Application:
    """Return an unsaved order with the initial values of a new order."""
    organisation, person = access.organisation_of(request), access.person_of(request)
    contact = {"contact_name": str(person), "contact_email": person.email}
    fixed = intermediaries.at_start(organisation, on=clock.day(clock.now()))
    return Application(organisation=organisation, type=kind, **(contact | fixed))


def _faults(judge: sheet.Judge, lines: Sequence[sheet.Line]) -> str:
    """Check the rows; return a sentence with the number of faulty ones, "" if there are none."""
    with one_reading():
        if judge.judge(lines):
            return ""
    count = sum(1 for line in lines if line.faults)
    return ngettext(
        "There is something to correct on %(count)d row.",
        "There is something to correct on %(count)d rows.",
        count,
    ) % {"count": count}


def _rows_page(
    request: HttpRequest,
    draft: Application,
    form: RowsForm,
    judge: sheet.Judge,
    lines: Sequence[sheet.Line] = (),
) -> HttpResponse:
    """Show the form for the rows, which keeps its input whichever button was pressed."""
    query = "" if form.non_field_errors() else request.POST.get("q", "").strip()
    fitting = _fitting(judge, draft, query)
    act, picked = request.POST.get("act", ""), request.POST.getlist("unit")
    text = form.text() if form.is_bound and hasattr(form, "cleaned_data") else ""
    ticked = [judge.units[oid] for oid in picked if oid in judge.units]
    chosen = fitting if act == "all" else ticked
    if act in {"add", "all"} and not form.errors:
        text, picked = _added(form, text, draft.kind, chosen), []
    posted = shown_again(request.POST)
    posted["rows"] = text or posted.get("rows", "")
    form.data = posted
    shown = fitting[:SHOWN]
    shown_oids = {unit.oid for unit in shown}
    context = {
        "form": form,
        "kind": draft.kind,
        "columns": [sheet.COLUMNS[name] for name in sheet.columns(draft.kind)],
        "faulty": [line for line in lines if line.faults],
        "units": [(unit, unit.oid in picked) for unit in shown],
        "elsewhere": [oid for oid in picked if oid in judge.units and oid not in shown_oids],
        "count": len(fitting),
        "picking": act in {"search", "add", "all"},
        "kept": Common(draft, None, kept=posted, today=judge.on).kept,
    }
    return render(request, "applications/bulk/rows.html", context)


def _fitting(judge: sheet.Judge, draft: Application, query: str) -> list[RegisterRecord]:
    if not query:
        return list(judge.units.values())
    code = draft.organisation.business_id
    found = search_units(query, business_id=code, on=judge.on, limit=MOST_ORDERS)
    return [judge.units[unit.oid] for unit in found if unit.oid in judge.units]


def _added(
    form: RowsForm, text: str, kind: CertificateType, units: Sequence[RegisterRecord]
) -> str:
    try:
        return sheet.with_units(text, kind, units)
    except ValidationError as error:
        form.add_error("rows", error)
        return text


def _common_page(
    request: HttpRequest, draft: Application, text: str, lines: Sequence[sheet.Line], act: str
) -> HttpResponse:
    today = clock.day(clock.now())
    data = request.POST if act == "create" else None
    common = Common(draft, data, kept=shown_again(request.POST), today=today)
    if act == "create" and common.is_valid():
        try:
            bulk = services.start_together(
                organisation=draft.organisation,
                type=draft.kind,
                language=get_language() or "fi",
                common=common.values,
                rows=[line.row for line in lines if line.row],
                **by_person(request),
            )
        except (NotStanding, OtherOwner) as refusal:
            return unit.none_standing(request, None, refusal.reason)
        except TooMany as refusal:
            common.forms[0].refuse(refusal)
            return limits.too_many(_common_form(request, draft, text, lines, common), refusal)
        return redirect("applications:bulk_order", bulk.pk)
    return _common_form(request, draft, text, lines, common)


def _common_form(
    request: HttpRequest, draft: Application, text: str, lines: Sequence[sheet.Line], common: Common
) -> HttpResponse:
    title = _("What the orders have in common")
    context: dict[str, Any] = {"forms": list(common), "rows": text, "title": title}
    context |= {"count": len(lines), "kind": draft.kind}
    context["form"] = next((form for form in common if form.errors), None)
    context["said"] = [
        _("Row %(row)d: %(said)s") % {"row": line.number, "said": message}
        for line in lines
        for message in line.said
    ]
    return render(request, "applications/bulk/common.html", context)
