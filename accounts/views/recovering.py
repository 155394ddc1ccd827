"""View for asking the authority to be made administrator, if none can be reached."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import access
from accounts.models import BusinessId, Organisation
from accounts.register.identifiers import business_id as read_business_id
from accounts.right_forms import AdministratorForm
from accounts.right_to_act import confirmed_administrators
from accounts.services.organisations import administrator_requests, take_back as requests
from accounts.services.organisations.administrator_requests import AskedLately, MayNotAsk
from accounts.views.redirects import landing
from accounts.views.rights import held_for, hold_document, limited
from certportal.foundation import clock


@access.person_required
def ask(request: HttpRequest, business_id: str) -> HttpResponse:
    """Ask for reason and document, or show why asking is not possible yet, or the open request."""
    code = read_business_id(business_id)
    organisation = BusinessId.holder(code) if code else None
    if organisation is None:
        return redirect("accounts:confirm", business_id)
    person, now = access.person_of(request), clock.now()
    form = AdministratorForm(request.POST or None, request.FILES or None, held=held_for(request))
    if request.method == "POST":
        hold_document(request, form)
        if form.is_valid() and _ask(request, organisation, form):
            messages.success(request, _("The request has been sent to the agency."))
            return redirect("accounts:ask_administrator", code)
    context = {
        "code": code,
        "form": form,
        "unconfirmed": not confirmed_administrators(organisation),
        "may_ask": administrator_requests.may_ask(person, organisation, now=now),
        "again_at": administrator_requests.until_another(person, organisation, now=now),
        "asked": organisation.administrator_requests.filter(person=person).last(),
    }
    return limited(render(request, "accounts/ask_administrator.html", context), form)


@access.person_required
def take_back(request: HttpRequest, business_id: str) -> HttpResponse:
    """Ask whether the person takes their open requests about the account back, and do it."""
    code = read_business_id(business_id)
    organisation = BusinessId.holder(code) if code else None
    person = access.person_of(request)
    asked = requests.open_requests(person, organisation) if organisation else None
    if organisation is None or not asked:
        return redirect("accounts:confirm", business_id)
    if request.method == "POST":
        actor = access.actor_of(request)
        requests.take_back(person, organisation, actor=actor, now=clock.now())
        messages.success(request, _("Your request has been taken back."))
        return redirect(landing(request))
    return render(request, "accounts/take_back.html", {"code": code, "asked": asked})


def _ask(request: HttpRequest, organisation: Organisation, form: AdministratorForm) -> bool:
    try:
        with form.refusals_shown():
            paper = form.paper()
            assert paper is not None
            administrator_requests.ask(
                access.person_of(request),
                organisation,
                reason=form.cleaned_data["reason"],
                paper=paper,
                **access.acting(request),
            )
    except (AskedLately, MayNotAsk) as refusal:
        form.refuse(refusal)
    return form.is_valid()
