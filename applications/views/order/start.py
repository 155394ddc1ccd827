"""Start an order: empty, or from an earlier one."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from accounts import access
from applications import services
from applications.access import is_technician, orders_seen
from applications.errors import NotStanding
from applications.models import Application
from applications.models.certificate_types import CertificateType, Delivery
from applications.rules import conformity, recipients, renewal
from applications.rules.unit_ownership import OtherOwner
from applications.views.order import next_step, unit
from applications.views.order.forms.parts import NewOrderForm
from applications.views.shared import summary
from applications.views.shared.entry import applicant_view, by_person, order_view
from applications.views.shared.forms import VersionForm
from applications.views.shared.page import show
from certportal.foundation import clock

ANEW = {"type", "contact", "csr"}
"""The parts that are not copied from an earlier order."""


@applicant_view
def new(request: HttpRequest) -> HttpResponse:
    """Ask for the type and create the draft, for the unit in `?unit=` if given."""
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


def again(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """Redirect a technician, also a supplier's, to their page of the order; others order anew.

    Reminders link here, and their reader may have forwarded them.
    """
    person = getattr(request, "person", None)
    if person is not None and is_technician(person, application_id, now=clock.now()):
        return redirect("technical:order", application_id)
    return _again(request, application_id=application_id)


@order_view
def _again(request: HttpRequest, application: Application) -> HttpResponse:
    """Show what a new order copies from this one, and start it; it needs a new request.

    A test order can also be continued as a production order.
    """
    form = VersionForm(request.POST or None, initial={"version": application.version})
    kind, now, left = application.kind, clock.now(), recipients.holder_left(application)
    anew = ANEW | {"technical"} if left else ANEW
    if request.method == "POST" and form.is_valid():
        new_type = kind.in_production if "production" in request.POST else kind
        draft = services.start(
            organisation=application.organisation,
            type=new_type,
            language=get_language() or "fi",
            template=application,
            **by_person(request),
        )
        return redirect(next_step.of_renewal(draft))
    seen = orders_seen(access.person_of(request), application.organisation_id)
    return show(
        request,
        application,
        "again",
        back="",
        form=form,
        in_production=kind.in_production,
        document=conformity.document(application),
        contact_brings=application.csr_by == Delivery.TECHNICAL_CONTACT and not left,
        parts=[part for part in summary.parts(application, now=now) if part.id not in anew],
        person=access.person_of(request),
        under_way=renewal.under_way(application, seen),
    )
