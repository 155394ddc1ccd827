"""The organisation's units in the register by level, and what may be ordered for each."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.page_reading import read_once
from applications.rules import units as units_rules
from applications.views.shared.entry import applicant_view
from certportal.foundation import clock

PER_PAGE = 50


@read_once
@applicant_view
@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """Show the topmost units, or with `?under=` a unit and those under it."""
    organisation, under = access.organisation_of(request), request.GET.get("under", "")
    top = units_rules.units_of(organisation, on=clock.day(clock.now()))
    chosen = units_rules.find(top, under) if under else None
    if under and chosen is None:
        raise Http404
    if chosen is None and len(top) == 1:
        chosen = top[0]
    listed = chosen.units if chosen else top
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    context = {"organisation": organisation, "chosen": chosen, "page_obj": page}
    return render(request, "applications/units.html", context)
