"""Beginning an order: from nothing, or from an earlier one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from accounts import access
from applications import services
from applications.errors import NotStanding
from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules import conformity
from applications.rules.unit_ownership import OtherOwner
from applications.views.order import unit
from applications.views.order.forms.parts import NewOrderForm
from applications.views.shared.entry import applicant_view, by_person, order_view
from applications.views.shared.forms import VersionForm
from applications.views.shared.page import show


@applicant_view
def new(request: HttpRequest) -> HttpResponse:
    """Ask for the type and begin the draft, for the unit that ?unit= names if there is one."""
    form = NewOrderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            application = services.start(
                organisation=access.organisation_of(request),
                type=CertificateType(form.cleaned_data["type"]),
                language=get_language() or "fi",
                unit=request.GET.get("unit", ""),
                **by_person(request),
            )
        except (NotStanding, OtherOwner) as refusal:
            return unit.none_standing(request, None, refusal.reason)
        return redirect("applications:order", application.pk)
    return render(request, "applications/new.html", {"form": form})


@order_view
def again(request: HttpRequest, application: Application) -> HttpResponse:
    """Begin a new order with the contents of this one; a new key and request are needed.

    From a test order it may also be the production order that the test was for.
    """
    form = VersionForm(request.POST or None, initial={"version": application.version})
    kind = application.kind
    if request.method == "POST" and form.is_valid():
        wanted = kind.in_production if "production" in request.POST else kind
        draft = services.start(
            organisation=application.organisation,
            type=wanted,
            language=get_language() or "fi",
            template=application,
            **by_person(request),
        )
        return redirect("applications:order", draft.pk)
    return show(
        request,
        application,
        "again",
        back="",
        form=form,
        in_production=kind.in_production,
        document=conformity.document(application),
    )
