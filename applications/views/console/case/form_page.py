"""Actions on a case: pages that ask with a form, and buttons without one."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise

from accounts import access
from applications.models import Application
from applications.views.console.case.identity import identity, kept_from
from applications.views.console.entry import back_to, case_view, kept, lost
from applications.views.shared.entry import by_person, seen_version
from applications.views.shared.forms import VersionForm
from applications.workflow import Action
from certportal.foundation import clock
from certportal.foundation.errors import NotAllowed, Stale
from certportal.foundation.web.pressed import pressed_on


def form_page(
    template: str,
    action: Action | None,
    act: Callable[..., object],
    form_class: type[VersionForm],
    message: Promise,
    given: Callable[[Application], dict[str, Any]] = lambda _application: {},
) -> Callable[..., HttpResponseBase]:
    """Return the view of an action with a form; it keeps the input if the case has changed.

    `given` returns what the form is told about the case.
    """

    @case_view
    def show(request: HttpRequest, application: Application) -> HttpResponse:
        first = {"version": application.version}
        form = form_class(request.POST or None, initial=first, **given(application))
        more: dict[str, Any] = {"form": form, "act": action}
        status = 200
        if form.is_valid():
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
        return render(request, f"applications/console/{template}.html", context, status=status)

    return show


def button(act: Callable[..., object], message: Promise) -> Callable[..., HttpResponseBase]:
    """Return the view of a button that calls the service with person and seen version."""

    @case_view
    @pressed_on("console:case", "application_id")
    def press(request: HttpRequest, application: Application) -> HttpResponse:
        try:
            act(application.pk, version=seen_version(request), **by_person(request))
        except Stale as refusal:
            return lost(request, application, refusal)
        return back_to(application, request, message)

    return press
