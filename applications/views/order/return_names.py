"""Send the host names proposed by the technical contact back."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from applications import services
from applications.models import Application
from applications.rules import contact_links, possible_actions
from applications.views.order.forms.declarations import ReturnNamesForm
from applications.views.shared import stale
from applications.views.shared.entry import by_person, order_view
from applications.views.shared.page import order_url, show
from applications.views.shared.proposed_names import proposed_names
from applications.workflow import Action, Role
from certportal.foundation import clock
from certportal.foundation.errors import Stale, TooMany
from certportal.foundation.web import limits

TEMPLATE = "return_names"


@order_view
def return_names(request: HttpRequest, application: Application) -> HttpResponse:
    """Send the names back with a reason; keep the typed text if the order has changed meanwhile."""
    is_mailed, now = bool(contact_links.mailable_holders(application)), clock.now()
    form = ReturnNamesForm(
        request.POST or None, told=is_mailed, initial={"version": application.version}
    )
    if not form.is_valid():
        possible_actions.require(Action.RETURN_NAMES, application, Role.APPLICANT, now=now)
        return _show(request, application, form, now)
    try:
        services.return_names(application.pk, **form.cleaned_data, **by_person(request))
    except Stale as refusal:
        return stale.again(request, application, TEMPLATE, form, refusal)
    except TooMany as refusal:
        form.refuse(refusal)
        return limits.too_many(_show(request, application, form, now), refusal)
    if is_mailed:
        messages.success(request, _("The host names were sent back to the technical contact."))
        return redirect(order_url(application))
    messages.success(request, _("The host names were sent back. Name now who proposes them."))
    return redirect("applications:rename_contact", application.pk)


def _show(
    request: HttpRequest, application: Application, form: ReturnNamesForm, now: datetime
) -> HttpResponse:
    proposed = proposed_names(application, now=now)
    return show(request, application, TEMPLATE, form=form, proposed=proposed)
