"""The parts of an order, one page each."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from applications import contents, services
from applications.errors import Changed, NotPossible
from applications.forms.delivery import DeliveryForm, TechnicalForm
from applications.forms.parts import (
    ContactForm,
    HostNamesForm,
    PurposeForm,
    SystemForm,
    TypeForm,
)
from applications.forms.shared import PartForm
from applications.forms.validity import ValidityForm
from applications.kinds import CertificateType
from applications.models import Application
from applications.views import conformity, csr, going, mailboxes, stale, summary, unit
from applications.views.entry import acting, order_view, seen_version
from applications.workflow import Status
from certportal.foundation import clock

FORMS: dict[str, type[PartForm]] = {
    "type": TypeForm,
    "purpose": PurposeForm,
    "host_names": HostNamesForm,
    "system": SystemForm,
    "validity": ValidityForm,
    "contact": ContactForm,
    "delivery": DeliveryForm,
    "technical": TechnicalForm,
}
SPECIAL = {
    "unit": unit.choose,
    "csr": csr.give,
    "conformity": conformity.give,
    "mailbox_proof": mailboxes.give,
}


@order_view
@require_http_methods(["GET", "POST"])
def part(request: HttpRequest, application: Application, section_id: str) -> HttpResponse:
    """Ask one part and save it; a part that is not open any more gives 409."""
    today = clock.day(clock.now())
    if section_id not in {section.id for section in contents.asked(application, on=today)}:
        raise Http404
    if section_id in SPECIAL:
        return SPECIAL[section_id](request, application)
    if section_id not in contents.editable(application, now=clock.now()):
        raise NotPossible
    form = FORMS[section_id](application, request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        return save(request, application, section_id, form)
    return show(request, application, section_id, form)


def save(
    request: HttpRequest, application: Application, section_id: str, form: PartForm
) -> HttpResponse:
    """Save the part and go on; if somebody changed the order meanwhile, show both versions."""
    try:
        saved = services.save_section(
            application.pk,
            section_id,
            form.values(),
            version=seen_version(request),
            **acting(request),
        )
    except Changed as refusal:
        context = stale.kept(request, application, form, refusal)
        context["now_saved"] = summary.rows(application, section_id, now=clock.now())
        return show(request, application, section_id, form, status=refusal.status, **context)
    return redirect(going.after(request, saved, section_id))


def show(
    request: HttpRequest,
    application: Application,
    section_id: str,
    form: PartForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Show the part's page with what was typed."""
    context = {
        "application": application,
        "form": form,
        "title": contents.BY_ID[section_id].title,
        "is_test": CertificateType(application.type).is_test,
        "is_draft": application.status == Status.DRAFT,
        "back": going.back_url(request, application),
        **more,
    }
    return render(request, "applications/part.html", context, status=status)
