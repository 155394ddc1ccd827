"""What the service has recorded about the person: a page, and everything as JSON."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access, recorded

PER_PAGE = 50


@access.person_required
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """List the events about the person, the newest first."""
    person = access.person_of(request)
    paginator = Paginator(recorded.events_about(person), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    rows = [
        {
            "event": one,
            "words": recorded.sentence(one),
            "own": recorded.is_by(one, person),
            "address": recorded.address_of(one, person),
        }
        for one in page
    ]
    return render(request, "accounts/recorded.html", {"page_obj": page, "rows": rows})


@access.person_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Hand out everything kept about the person as a JSON file."""
    content = recorded.export(access.person_of(request))
    response = JsonResponse(content, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="own-data.json"'
    return response
