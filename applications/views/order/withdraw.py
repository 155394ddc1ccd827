"""Withdraw an order, discard a draft, or add information to an order."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import access
from applications import services
from applications.models import Application
from applications.rules import possible_actions
from applications.views.order.forms.declarations import AdditionForm
from applications.views.shared import stale
from applications.views.shared.entry import as_seen, by_person, order_view
from applications.views.shared.forms import VersionForm
from applications.views.shared.page import check_url, order_url, show
from applications.workflow import Action, Role, Status
from certportal.foundation import clock
from certportal.foundation.errors import Stale, TooMany


@order_view
def withdraw(request: HttpRequest, application: Application) -> HttpResponse:
    possible_actions.require(Action.WITHDRAW, application, Role.APPLICANT, now=clock.now())
    if request.method == "POST":
        services.withdraw(application.pk, **as_seen(request))
        messages.success(request, _("The order was withdrawn."))
        return redirect(order_url(application))
    return _confirm(request, application, "withdraw")


@order_view
def discard(request: HttpRequest, application: Application) -> HttpResponse:
    possible_actions.require(Action.DISCARD, application, Role.APPLICANT, now=clock.now())
    if request.method == "POST":
        services.discard(application.pk, **as_seen(request))
        messages.success(request, _("The draft was deleted."))
        return redirect("home")
    return _confirm(request, application, "discard")


@order_view
def add_information(request: HttpRequest, application: Application) -> HttpResponse:
    """Add information without a question; keep the typed text if it is refused.

    While a question is open, the text is written as a reply on the page that sends the answer.
    """
    template, form = "add_information", AdditionForm(request.POST or None)
    if application.status == Status.INFO_REQUESTED:
        return _in_reply(request, application, form)
    if not form.is_valid():
        possible_actions.require(
            Action.ADD_INFORMATION, application, Role.APPLICANT, now=clock.now()
        )
    if request.method != "POST":
        form = AdditionForm(initial={"version": application.version})
    if not form.is_valid():
        return show(request, application, template, form=form)
    try:
        services.add_information(application.pk, **form.cleaned_data, **by_person(request))
    except (Stale, TooMany) as refusal:
        return stale.again(request, application, template, form, refusal)
    messages.success(request, _("The information was added to the order."))
    return redirect(order_url(application))


def _in_reply(request: HttpRequest, application: Application, form: AdditionForm) -> HttpResponse:
    """Redirect to the answer; save a text written before the question came as a reply to it."""
    question = application.question
    if request.method == "POST" and question is not None and form.data.get("text", "").strip():
        if not form.is_valid():
            return show(request, application, "add_information", form=form)
        parts = [question.reply_draft, form.cleaned_data["text"]]
        text = "\n\n".join(part for part in parts if part)
        services.keep_reply(application.pk, text=text, person=access.person_of(request))
        messages.info(
            request,
            _(
                "You have been asked about the order meanwhile. What you wrote is kept below as"
                " your reply, and goes with your answer."
            ),
        )
    return redirect(check_url(application))


def _confirm(request: HttpRequest, application: Application, template: str) -> HttpResponse:
    form = VersionForm(initial={"version": application.version})
    return show(request, application, template, form=form)
