"""Views of a person's own data: events as a page, and everything as JSON."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access, own_records
from certportal.foundation.turns import turn
from certportal.foundation.web.keyset import before_of

PER_PAGE = 50


@access.person_required
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """List the events about the person, newest first."""
    person, before = access.person_of(request), before_of(request)
    found = own_records.page_of_events(person, before=before, most=PER_PAGE + 1)
    rows = [
        {
            "event": event,
            "own": own_records.is_by(event, person),
            "address": own_records.address_of(event, person),
        }
        for event in found[:PER_PAGE]
    ]
    older = found[PER_PAGE - 1].pk if len(found) > PER_PAGE else None
    context = {"rows": rows, "before": before, "older": older}
    return render(request, "accounts/recorded.html", context)


@access.person_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Download everything stored about the person as a JSON file."""
    with turn():
        content = own_records.export(access.person_of(request))
        response = JsonResponse(content, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="own-data.json"'
    return response
