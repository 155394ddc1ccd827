"""Asking the authority for an administrator where none can be reached any more."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.forms import AdministratorForm
from accounts.models import Organisation
from accounts.register.identifiers import business_id as read_business_id
from accounts.services import recovering
from certportal.foundation import clock
from certportal.foundation.documents import NOT_SCANNED, Unfit
from certportal.foundation.errors import Unavailable


@access.person_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, business_id: str) -> HttpResponse:
    """Ask for reason and document, or tell that it must not be asked yet, or waits."""
    code = read_business_id(business_id)
    organisation = recovering.account_of(code) if code else None
    if organisation is None:
        return redirect("accounts:confirm", business_id)
    person = access.person_of(request)
    form = AdministratorForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and _ask(request, organisation, form):
        messages.success(request, _("The request has been sent to the authority."))
        return redirect("accounts:ask_administrator", code)
    context = {
        "code": code,
        "form": form,
        "may_ask": recovering.may_ask(person, organisation, now=clock.now()),
        "asked": organisation.administrator_requests.filter(person=person).last(),
    }
    return render(request, "accounts/ask_administrator.html", context)


def _ask(request: HttpRequest, organisation: Organisation, form: AdministratorForm) -> bool:
    paper = form.paper()
    assert paper is not None
    try:
        recovering.ask(
            access.person_of(request),
            organisation,
            reason=form.cleaned_data["reason"],
            paper=paper,
            actor=access.actor_of(request),
            now=clock.now(),
        )
    except Unfit as refusal:
        form.add_error("document", str(refusal))
    except Unavailable:
        form.add_error("document", NOT_SCANNED)
    return form.is_valid()
