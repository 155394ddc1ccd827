"""Views of a person's own data: events as a page, and everything as JSON."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access, own_records

PER_PAGE = 50


@access.person_required
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """List the events about the person, newest first."""
    person = access.person_of(request)
    paginator = Paginator(own_records.events_about(person), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    rows = [
        {
            "event": one,
            "own": own_records.is_by(one, person),
            "address": own_records.address_of(one, person),
        }
        for one in page
    ]
    return render(request, "accounts/recorded.html", {"page_obj": page, "rows": rows})


@access.person_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Download everything stored about the person as a JSON file."""
    content = own_records.export(access.person_of(request))
    response = JsonResponse(content, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="own-data.json"'
    return response
