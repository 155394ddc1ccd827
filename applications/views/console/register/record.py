"""The history of a register record in the mirror, and its contents as of a day."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from accounts import access
from accounts.models import BusinessId
from accounts.register.lookup import queries
from accounts.register.models import Kind
from applications.register_watch.wording import SECTORS, described, in_force, status
from applications.views.console.register.forms import AsOfForm
from certportal.foundation import clock


@access.reviewers_read
def record(request: HttpRequest, record_kind: str, oid: str) -> HttpResponseBase:
    """Show every version of the record, and the one valid on a day as known on another."""
    versions = list(queries.history(oid, kind=record_kind)) if record_kind in Kind else []
    if not versions:
        raise Http404
    asked = "on" in request.GET
    form = AsOfForm(request.GET if asked else None, today=clock.day(clock.now()))
    answer = None
    if asked and form.is_valid():
        on, known_at = form.cleaned_data["on"], clock.end_of_day(form.cleaned_data["known"])
        answer = queries.as_of(oid, kind=record_kind, on=on, known_at=known_at)
    context = {
        "versions": [
            (version, in_force(version), SECTORS.get(version.sector or 0, ""), status(version))
            for version in versions
        ],
        "newest": versions[0],
        "account": BusinessId.holder(versions[0].business_id),
        "form": form,
        "asked": form.cleaned_data if asked and form.is_valid() else None,
        "answer": answer,
        "told": described(answer) if answer else [],
    }
    return render(request, "applications/console/record.html", context)
