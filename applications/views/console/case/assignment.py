"""Holding a case: take, claim, release, set aside, hand over, take over; internal notes."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy

from accounts import access
from applications import services
from applications.services.reviewer.assignment import receivers
from applications.views.console.case.form_page import button, form_page
from applications.views.console.case.forms import (
    AsideForm,
    HandOverForm,
    NoteForm,
    OpenedForm,
    TakeOverForm,
)
from applications.views.shared.entry import by_person
from applications.workflow import Action
from certportal.foundation import clock
from certportal.foundation.web.pressed import pressed_on


@access.reviewer_required
@pressed_on("console:queue")
def take_next(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the reviewer's next case, or to a case that needs them as second person."""
    form = OpenedForm(request.POST)
    opened = form.cleaned_data["opened"] if form.is_valid() else None
    case = services.take_next(opened=opened, **by_person(request))
    if case is None:
        messages.info(request, _("No case is waiting for you."))
        return redirect("console:queue")
    is_mine = case.reviewer_id == access.person_of(request).pk
    return redirect("console:case" if is_mine else "console:approve", case.pk)


claim = button(
    services.claim, gettext_lazy("The case is yours. Its certificate is being prepared.")
)
release = button(services.release, gettext_lazy("The case is free for others."))
set_aside = form_page(
    "holding",
    Action.SET_ASIDE,
    services.set_aside,
    AsideForm,
    gettext_lazy("The case is set aside; the promised day stays."),
    lambda _application: {"today": clock.day(clock.now())},
)
hand_over = form_page(
    "holding",
    Action.HAND_OVER,
    services.hand_over,
    HandOverForm,
    gettext_lazy("The case was handed over."),
    lambda application: {"receivers": receivers(application, now=clock.now())},
)
take_over = form_page(
    "holding",
    Action.TAKE_OVER,
    services.take_over,
    TakeOverForm,
    gettext_lazy("The case is yours. What was prepared and approved stays."),
)
note = form_page(
    "holding", None, services.write_note, NoteForm, gettext_lazy("The note was saved.")
)
