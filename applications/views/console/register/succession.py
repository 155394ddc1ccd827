"""Handing the account of an organisation over to its successor."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.models import Succession
from accounts.services.succeeding import NotSucceeding
from applications import services
from applications.forms.succession import PartiesForm, SuccessionForm
from certportal.foundation import clock

PER_PAGE = 25


@access.reviewer_required
@access.reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def succession(request: HttpRequest) -> HttpResponseBase:
    """Ask for the two business IDs, show what would move, and move it with a reason."""
    if request.method == "POST":
        return _hand_over(request)
    parties = PartiesForm(request.GET if "successor" in request.GET else None)
    if "former" in request.GET and not parties.is_bound:
        parties = PartiesForm(initial={"former": request.GET["former"]})
    if not parties.is_valid():
        return _show(request, parties)
    form = SuccessionForm(initial=parties.cleaned_data)
    return _preview(request, parties, form)


def _hand_over(request: HttpRequest) -> HttpResponseBase:
    form, parties = SuccessionForm(request.POST), PartiesForm(request.POST)
    if not parties.is_valid():
        return _show(request, parties)
    if not form.is_valid():
        return _preview(request, parties, form)
    services.succeed(
        form.cleaned_data["former"],
        form.cleaned_data["successor"],
        reason=form.cleaned_data["reason"],
        person=access.person_of(request),
        actor=access.actor_of(request),
        now=clock.now(),
    )
    messages.success(request, _("Orders, people and certificates are with the successor now."))
    return redirect("console:succession")


def _preview(request: HttpRequest, parties: PartiesForm, form: SuccessionForm) -> HttpResponseBase:
    given = parties.cleaned_data
    try:
        prospect = services.preview_succession(given["former"], given["successor"], now=clock.now())
    except NotSucceeding as refusal:
        parties.add_error(None, str(refusal))
        return _show(request, parties)
    context = {"form": form, "prospect": prospect, "given": given}
    return render(request, "applications/console/succession_confirm.html", context)


def _show(request: HttpRequest, parties: PartiesForm) -> HttpResponseBase:
    past = Succession.objects.select_related("successor", "decided_by")
    page = Paginator(past, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": parties, "page_obj": page}
    return render(request, "applications/console/succession.html", context)
