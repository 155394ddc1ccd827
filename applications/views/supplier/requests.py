"""Certificate requests for several of the customers' orders at once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts import access
from accounts.models import Organisation
from applications import services
from applications.services.applicant.requests_together import FileResult, Outcome
from applications.views.shared.requests_given import RequestsForm, lines
from applications.views.shared.supplying import orders, supplier_actor, supplier_view
from applications.workflow import Role, Status
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.web import keyset


@supplier_view
def several(request: HttpRequest) -> HttpResponse:
    """Ask for the files, give each request to the order whose names it has, and tell of each."""
    form = RequestsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (given := _given(request, form)):
        return _result(request, given)
    waiting = orders(request).filter(status=Status.AWAITING_CSR)
    context = {"form": form, "count": keyset.count(waiting), "organisation": _supplier(request)}
    return render(request, "applications/customers/requests.html", context)


def _given(request: HttpRequest, form: RequestsForm) -> list[FileResult]:
    """Return what became of the files; nothing, and an error in the form, if none was looked at."""
    files = form.read()
    if not files:
        return []
    try:
        return services.give_requests(
            list(orders(request).filter(status=Status.AWAITING_CSR)),
            files,
            about=_supplier(request),
            role=Role.TECHNICAL_CONTACT,
            actor=supplier_actor(request),
            now=clock.now(),
        )
    except TooMany as refusal:
        form.add_error(None, str(refusal))
        return []


def _result(request: HttpRequest, given: list[FileResult]) -> HttpResponse:
    told = lines(
        given,
        order_url=lambda order: reverse("technical:order", args=[order.pk]),
        preview_url=lambda order, csr: reverse("technical:preview", args=[order.pk, csr]),
    )
    context = {
        "organisation": _supplier(request),
        "lines": told,
        "used": sum(one.outcome == Outcome.USED for one in given),
        "all": len(given),
    }
    return render(request, "applications/customers/requests_given.html", context)


def _supplier(request: HttpRequest) -> Organisation:
    return access.organisation_of(request)
