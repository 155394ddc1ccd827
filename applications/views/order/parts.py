"""The parts of an order, one page each."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from applications import services
from applications.errors import Changed
from applications.models import Application
from applications.rules import answers, domains, sections
from applications.views.order import conformity, csr, mailbox, next_step, unit
from applications.views.order.forms import parts as forms
from applications.views.order.forms.contact import ContactForm
from applications.views.order.forms.delivery import DeliveryForm
from applications.views.order.forms.technical_contact import OptionalTechnicalContactForm
from applications.views.order.forms.validity import ValidityForm
from applications.views.shared import stale, summary
from applications.views.shared.entry import as_seen, order_view
from applications.views.shared.forms import PartForm
from applications.views.shared.latest_act import latest_act
from applications.views.shared.page import show
from certportal.foundation import clock

FORMS: dict[str, type[PartForm]] = {
    "type": forms.TypeForm,
    "purpose": forms.PurposeForm,
    "host_names": forms.HostNamesForm,
    "system": forms.SystemForm,
    "validity": ValidityForm,
    "contact": ContactForm,
    "delivery": DeliveryForm,
    "technical": OptionalTechnicalContactForm,
}
SPECIAL = {
    "unit": unit.choose,
    "csr": csr.give,
    "conformity": conformity.give,
    "mailbox_proof": mailbox.give,
}


@order_view
def part(request: HttpRequest, application: Application, section_id: str) -> HttpResponse:
    """Show and save a part of the order; a part that is no longer open gives 409."""
    today = clock.day(clock.now())
    if section_id not in {section.id for section in sections.asked(application, on=today)}:
        raise Http404
    if section_id in SPECIAL:
        return SPECIAL[section_id](request, application)
    sections.require_editable(application, section_id, now=clock.now())
    form = FORMS[section_id](application, request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        return save(request, application, section_id, form)
    title = sections.BY_ID[section_id].title
    asks_names = section_id == "host_names"
    offers = {
        "offers_domains": asks_names and domains.in_use(),
        "offers_documents": asks_names and answers.may_attach(application),
        "tells_type": sections.BY_ID[section_id].is_of_some_types,
    }
    return show(request, application, "part", form=form, title=title, **offers)


def save(
    request: HttpRequest, application: Application, section_id: str, form: PartForm
) -> HttpResponse:
    """Save the part and redirect; if the order has changed meanwhile, show both versions."""
    try:
        saved = services.save_section(application.pk, section_id, form.values(), **as_seen(request))
    except Changed as refusal:
        context = stale.kept(request, application, form, refusal)
        context["lately"] = latest_act(application)
        context["now_saved"] = summary.rows(application, section_id, now=clock.now())
        context |= {"form": form, "title": sections.BY_ID[section_id].title}
        return show(request, application, "part", status=refusal.status, **context)
    for message in form.said:
        messages.info(request, message)
    return redirect(next_step.after(request, saved, section_id))
