"""Views for searching the SOTE register: a results page, and options for a combobox."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.register import identifiers
from accounts.register.lookup import queries
from accounts.register.models import RegisterRecord
from accounts.services.organisations.search import search_for_visitor
from certportal.foundation import clock
from certportal.foundation.web.addresses import address_of
from certportal.foundation.web.search_form import SearchForm

MOST = 200
PER_PAGE = 20
OPTIONS = 10


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show the units that match the query, page by page."""
    hint = _(
        "Name, short name, business ID, OID or municipality. Spelling mistakes are allowed for."
    )
    address, label = reverse("register_options"), _("Search for a unit")
    form = SearchForm(request.GET, label=label, help_text=hint, options=address)
    query = form.words
    found = _search(request, query, MOST + 1)
    page = Paginator(found[:MOST], PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "query": query,
        "page_obj": page,
        "rows": _rows(list(page)),
        "intermediaries": _intermediaries(query),
        "cut": len(found) > MOST,
    }
    return render(request, "accounts/register.html", context)


@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """Return an HTML fragment of list items, which the combobox's script inserts unchanged."""
    found = _search(request, request.GET.get("q", "")[:120], OPTIONS + 1)
    context = {"rows": _rows(found[:OPTIONS]), "cut": len(found) > OPTIONS}
    response = render(request, "accounts/register_options.html", context)
    response["Cache-Control"] = "private, max-age=60"
    return response


def _search(request: HttpRequest, query: str, limit: int) -> list[RegisterRecord]:
    within = identifiers.business_id(request.GET.get("within", "")[:20]) or ""
    address = address_of(request)
    return search_for_visitor(query, within=within, limit=limit, address=address, now=clock.now())


def _intermediaries(query: str) -> list[tuple[RegisterRecord, bool]]:
    """Return the matching intermediaries, without a limit: the search of units was counted."""
    today = clock.day(clock.now())
    return _rows(queries.search_intermediaries(query, on=today, limit=PER_PAGE) if query else [])


def _rows(found: list[RegisterRecord]) -> list[tuple[RegisterRecord, bool]]:
    today = clock.day(clock.now())
    return [(record, record.is_standing(today)) for record in found]
