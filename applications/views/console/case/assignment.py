"""Holding a case: take the next one, set aside, hand over, take over; internal notes."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import access
from applications import services
from applications.models import Application
from applications.services.reviewer.assignment import receivers
from applications.views.console.case.forms import AsideForm, HandOverForm, NoteForm, TakeOverForm
from applications.views.console.case.identity import identity
from applications.views.console.case.obstacle_words import kept_from
from applications.views.console.entry import back_to, case_view, kept
from applications.views.shared.entry import by_person
from applications.views.shared.forms import VersionForm
from applications.workflow import Action
from certportal.foundation import clock
from certportal.foundation.errors import NotAllowed, Stale
from certportal.foundation.web.pressed import pressed_on

type MakeForm = Callable[[HttpRequest, Application], VersionForm]


@access.reviewer_required
@pressed_on("console:queue")
def take_next(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the reviewer's next case, or to a case that needs them as second person."""
    case = services.take_next(**by_person(request))
    if case is None:
        messages.info(request, _("No case is waiting for you."))
        return redirect("console:queue")
    is_mine = case.reviewer_id == access.person_of(request).pk
    return redirect("console:case" if is_mine else "console:approve", case.pk)


def _page(
    name: str, action: Action | None, act: Callable[..., object], make: MakeForm, message: Promise
) -> Callable[..., HttpResponseBase]:
    """Return the view of an action with a form; it keeps the input if the case has changed."""

    @case_view
    def show(request: HttpRequest, application: Application) -> HttpResponse:
        form = make(request, application)
        more: dict[str, Any] = {"form": form, "act": name}
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                act(application.pk, **form.cleaned_data, **by_person(request))
            except (Stale, NotAllowed) as refusal:
                more |= kept(request, application, form, refusal)
                status = refusal.status
            else:
                return back_to(application, request, message)
        person, now = access.person_of(request), clock.now()
        context = identity(application, person, now=now) | more
        context["kept_from"] = kept_from(action, application, person, now=now) if action else []
        return render(request, "applications/console/holding.html", context, status=status)

    return show


def _aside(request: HttpRequest, application: Application) -> AsideForm:
    first = {"version": application.version}
    return AsideForm(request.POST or None, initial=first, today=clock.day(clock.now()))


def _hand_over(request: HttpRequest, application: Application) -> HandOverForm:
    people = receivers(application, now=clock.now())
    first = {"version": application.version}
    return HandOverForm(request.POST or None, initial=first, receivers=people)


def _take_over(request: HttpRequest, application: Application) -> TakeOverForm:
    return TakeOverForm(request.POST or None, initial={"version": application.version})


def _note(request: HttpRequest, application: Application) -> NoteForm:
    return NoteForm(request.POST or None, initial={"version": application.version})


set_aside = _page(
    "set_aside",
    Action.SET_ASIDE,
    services.set_aside,
    _aside,
    gettext_lazy("The case is set aside; the promised day stays."),
)
hand_over = _page(
    "hand_over",
    Action.HAND_OVER,
    services.hand_over,
    _hand_over,
    gettext_lazy("The case was handed over."),
)
take_over = _page(
    "take_over",
    Action.TAKE_OVER,
    services.take_over,
    _take_over,
    gettext_lazy("The case is yours. What was prepared and approved stays."),
)
note = _page("note", None, services.write_note, _note, gettext_lazy("The note was saved."))
