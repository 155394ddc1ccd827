"""Certificate requests for several of the customers' orders at once."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts import access
from applications import services
from applications.services.applicant.requests_together import FileResult
from applications.views.shared.requests_given import RequestsForm, shown
from applications.views.shared.supplying import orders, supplier_view
from applications.workflow import Role, Status
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.web import keyset, limits


@supplier_view
def several(request: HttpRequest) -> HttpResponse:
    """Ask for files, attach each request to the order with its names, and show the results."""
    form = RequestsForm(request.POST or None, request.FILES or None)
    try:
        if request.method == "POST" and form.is_valid() and (results := _results(request, form)):
            context = shown(
                results,
                order_url=lambda order: reverse("technical:order", args=[order.pk]),
                preview_url=lambda order, csr: reverse("technical:preview", args=[order.pk, csr]),
            )
            context["organisation"] = access.organisation_of(request)
            return render(request, "applications/customers/requests_given.html", context)
    except TooMany as refusal:
        form.refuse(refusal)
        return limits.too_many(_page(request, form), refusal)
    return _page(request, form)


def _page(request: HttpRequest, form: RequestsForm) -> HttpResponse:
    waiting = orders(request).filter(status=Status.AWAITING_CSR)
    context = {
        "form": form,
        "count": keyset.count(waiting),
        "organisation": access.organisation_of(request),
    }
    return render(request, "applications/customers/requests.html", context)


def _results(request: HttpRequest, form: RequestsForm) -> list[FileResult]:
    """Return the results for the files; [] and a form error if none was read. Raises TooMany."""
    files = form.read()
    if not files:
        return []
    supplier = access.organisation_of(request)
    return services.give_requests(
        list(orders(request).filter(status=Status.AWAITING_CSR)),
        files,
        about=supplier,
        role=Role.TECHNICAL_CONTACT,
        actor=replace(access.actor_of(request), supplier=str(supplier.pk)),
        now=clock.now(),
    )
