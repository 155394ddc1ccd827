"""Hand the account of an organisation over to its successor."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.forms import BusinessIdField
from accounts.models import Succession
from accounts.services.organisations.succession import NotSucceeding
from applications import services
from applications.services.reviewer.shown_prospect import OtherTouched, mark_of
from applications.services.reviewer.succession import to_succeed
from applications.views.console.entry import confirmed_lately
from applications.views.shared.entry import by_person
from applications.views.shared.forms import ShownField
from certportal.foundation import clock
from certportal.foundation.web import refusals
from certportal.foundation.web.forms import Form, LongTextField

PER_PAGE = 25


class PartiesForm(Form):
    """The business IDs of the former organisation and of its successor."""

    former = BusinessIdField(
        label=_("Business ID of the organisation whose account is handed over")
    )
    successor = BusinessIdField(label=_("Business ID of its successor"))

    def clean_successor(self) -> str:
        code: str = self.cleaned_data["successor"]
        if code == self.cleaned_data.get("former"):
            raise ValidationError(_("The organisation cannot succeed itself."))
        return code


class SuccessionForm(Form):
    """The business IDs, confirmed with a reason that everybody concerned reads.

    `shown`: the mark of what the page showed that would move.
    """

    former = BusinessIdField(widget=forms.HiddenInput)
    successor = BusinessIdField(widget=forms.HiddenInput)
    reason = LongTextField(
        label=_("What is the succession based on?"),
        help_text=_(
            "For example the law or the decision on the merger. Everybody concerned gets it by"
            " email."
        ),
        missing=_("Write what the succession is based on."),
    )
    shown = ShownField()


def _parties(request: HttpRequest) -> str:
    parties = PartiesForm(request.POST)
    return " → ".join(parties.cleaned_data.values()) if parties.is_valid() else ""


@access.reviewer_required
@confirmed_lately(_("Hand over to the successor"), _parties)
def succession(request: HttpRequest) -> HttpResponseBase:
    """Ask for the two business IDs, show what would be handed over, and hand it over."""
    if request.method == "POST":
        return _hand_over(request)
    parties = PartiesForm(request.GET if "successor" in request.GET else None)
    if "former" in request.GET and not parties.is_bound:
        parties = PartiesForm(initial={"former": request.GET["former"]})
    if not parties.is_valid():
        return _show(request, parties)
    return _preview(request, parties, SuccessionForm(initial=parties.cleaned_data))


def _hand_over(request: HttpRequest) -> HttpResponseBase:
    form, parties = SuccessionForm(request.POST), PartiesForm(request.POST)
    if not parties.is_valid():
        return _show(request, parties)
    if not form.is_valid():
        return _preview(request, parties, form)
    try:
        services.succeed(**form.cleaned_data, **by_person(request))
    except OtherTouched as refusal:
        refusals.record_act(request, refusal)
        return _preview(request, parties, form, refusal)
    messages.success(request, _("Orders, people and certificates are with the successor now."))
    return redirect("console:succession")


def _preview(
    request: HttpRequest,
    parties: PartiesForm,
    form: SuccessionForm,
    stale: OtherTouched | None = None,
) -> HttpResponseBase:
    cleaned, now = parties.cleaned_data, clock.now()
    try:
        prospect = services.preview_succession(cleaned["former"], cleaned["successor"], now=now)
    except NotSucceeding as refusal:
        parties.refuse(refusal)
        return _show(request, parties)
    obstacles = list(to_succeed(prospect, access.person_of(request), now=now))
    mark = mark_of(prospect)
    form.initial["shown"] = mark
    if form.is_bound:
        form.retype(shown=mark)
    context = {"form": form, "prospect": prospect, "given": cleaned, "obstacles": obstacles}
    page, status = "applications/console/succession_confirm.html", stale.status if stale else 200
    return render(request, page, context | {"stale": stale}, status=status)


def _show(request: HttpRequest, parties: PartiesForm) -> HttpResponseBase:
    past = Succession.objects.select_related("successor", "decided_by")
    page = Paginator(past, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": parties, "page_obj": page}
    return render(request, "applications/console/succession.html", context)
