"""Sending the host names back that the technical contact proposed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from applications import services
from applications.models import Application
from applications.rules import possible
from applications.views.order.forms.declarations import ReturnNamesForm
from applications.views.shared import stale
from applications.views.shared.entry import by_person, order_view
from applications.views.shared.page import order_url, show
from applications.views.shared.proposed_names import proposed_names
from applications.workflow import Action, Role
from certportal.foundation import clock
from certportal.foundation.errors import Stale


@order_view
def return_names(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the reason and send the names back; what was written stays if somebody is faster."""
    template, form, now = "return_names", ReturnNamesForm(request.POST or None), clock.now()
    if request.method != "POST":
        possible.require(Action.RETURN_NAMES, application, Role.APPLICANT, now=now)
        form = ReturnNamesForm(initial={"version": application.version})
    if not form.is_valid():
        proposed = proposed_names(application, now=now)
        return show(request, application, template, form=form, proposed=proposed)
    try:
        services.return_names(application.pk, **form.cleaned_data, **by_person(request))
    except Stale as refusal:
        return stale.again(request, application, template, form, refusal)
    messages.success(request, _("The host names were sent back to the technical contact."))
    return redirect(order_url(application))
