"""Access to the console: decorators that admit reviewers only and fetch the case."""

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise

from accounts import access
from accounts.models import StaffRole
from accounts.page_reading import read_once
from applications import services
from applications.access import get_for_reviewer
from applications.errors import Changed, NotPossible
from applications.models import Application
from applications.services.reviewer.revocation import ProposalOver
from applications.views.console.queue import ready_made
from applications.views.shared import history, stale
from applications.views.shared.entry import leading_to
from applications.views.shared.since import READING, of_case
from certportal.foundation import clock
from certportal.foundation.errors import NotAllowed, Refused, Stale
from certportal.foundation.events import Subject
from certportal.foundation.web import refusals
from certportal.foundation.web.browsers import came_from
from certportal.foundation.web.forms import PRIVATE_KEY, Form
from certportal.foundation.web.unsent import unsent

type CaseView = Callable[..., HttpResponseBase]


def case_view(view: CaseView) -> Callable[..., HttpResponseBase]:
    """Pass the view the case in place of its id; everybody except reviewers gets 404.

    An auditor's look at any page of it is recorded.
    """

    @access.reviewer_required
    @functools.wraps(view)
    def entered(request: HttpRequest, application_id: UUID, **kwargs: Any) -> HttpResponseBase:
        application = _found(request, application_id)
        looked_at_case(request, application)
        with leading_to("console:case", application.pk):
            return view(request, application, **kwargs)

    return entered


def confirmed_lately(act: Promise, about: Callable[..., str]) -> Callable[[CaseView], CaseView]:
    """Admit whose second factor was proven lately; lead others to prove it before they write.

    What is posted later than that is not carried out and not lost (`confirm_again`). `act` names
    what the page does; `about`, given what the view is given, names to what.
    """

    def guard(view: CaseView) -> CaseView:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method != "POST":
                return access.lead_to_reauthenticate(request) or view(request, *args, **kwargs)
            named = functools.partial(about, request, *args, **kwargs)
            return confirm_again(request, act, named) or view(request, *args, **kwargs)

        return guarded

    return guard


def confirm_again(
    request: HttpRequest, act: Promise, about: Callable[[], str]
) -> HttpResponse | None:
    """Return the page that sends the same again once the second factor is proven; or None.

    It names the act and what it is about. What cannot be sent again as it was (`Unsent.is_whole`)
    is shown for copying.
    """
    if clock.now() - access.second_factor_at(request) <= access.SECOND_FACTOR_LASTS:
        return None
    late = unsent(request)
    context: dict[str, Any] = {"unsent": late, "act": act, "about": about()}
    context["withheld"] = PRIVATE_KEY if late.has_private_key else ""
    context["back"] = came_from(request)
    return render(request, "applications/console/confirm_first.html", context)


def looked_at_case(request: HttpRequest, application: Application) -> None:
    """Record that an auditor looks at a page about the case."""
    if audits(request):
        services.record_case_viewed(application, **access.acting(request))


def looked_at(request: HttpRequest, about: Model | Subject) -> None:
    """Record that an auditor looks at the page about something, or at a list."""
    if audits(request):
        services.record_page_viewed(about, **access.acting(request))


def audits(request: HttpRequest) -> bool:
    """Whether the reader of the console is an auditor, whose looks are recorded."""
    return StaffRole.Kind.AUDITOR in access.staff_roles(request)


@read_once
def _found(request: HttpRequest, application_id: UUID) -> Application:
    return get_for_reviewer(access.person_of(request), application_id)


def back_to(application: Application, request: HttpRequest, message: object) -> HttpResponse:
    """Redirect to the case with a message about what was done; the list it is of is kept."""
    messages.success(request, str(message))
    case = reverse("console:case", args=[application.pk])
    return redirect(case + _query_of_list(request, case))


def _query_of_list(request: HttpRequest, case: str) -> str:
    """Return the query of the case's page, from its "?" on, if a page of it made the request."""
    page = urlsplit(came_from(request))
    return f"?{page.query}" if page.query and page.path.startswith(case) else ""


def taking_next(request: HttpRequest, message: object) -> HttpResponse:
    """Redirect to taking the next case; the browser repeats the POST (RFC 9110, 307)."""
    messages.success(request, str(message))
    return redirect("console:take_next", preserve_request=True)


def kept(
    request: HttpRequest, application: Application, form: Form, refusal: Stale | NotAllowed
) -> dict[str, Any]:
    """Return the context of a page whose case has been changed or claimed meanwhile.

    The form keeps its input.
    """
    refusals.record_act(request, refusal)
    case = reverse("console:case", args=[application.pk])
    context = stale.kept(request, application, form, refusal, now_url=case)
    since = of_case(application, access.person_of(request))
    context |= {"happened": happened(application), "since": since}
    return context | offering_next(request)


def page_of(
    request: HttpRequest, name: str, context: dict[str, Any], refusal: Refused | None
) -> HttpResponse:
    """Return the page; a refusal of what was posted, if any, is recorded and told (`stale`)."""
    if refusal is not None:
        refusals.record_act(request, refusal)
    page, status = f"applications/console/{name}.html", refusal.status if refusal else 200
    return render(request, page, context | {"stale": refusal}, status=status)


def lost(request: HttpRequest, application: Application, refusal: Stale) -> HttpResponse:
    """Show why the action was refused and who changed the case meanwhile; offer the next case.

    Nobody did where an address was only opened.
    """
    refusals.record_act(request, refusal)
    last = happened(application)
    may_be_moved = isinstance(refusal, Changed | NotPossible | ProposalOver)
    is_moved = may_be_moved and request.method == "POST"
    faster = last if last and is_moved and last.who != str(access.person_of(request)) else None
    since = of_case(application, access.person_of(request))
    context = {"application": application, "refusal": refusal, "faster": faster, "since": since}
    page = "applications/console/lost.html"
    return render(request, page, context | offering_next(request), status=refusal.status)


def offering_next(request: HttpRequest) -> dict[str, Any]:
    """Return the context of a page that offers the next case if one waits, which it asks itself."""
    person, now = access.person_of(request), clock.now()
    return {"to_take": functools.partial(ready_made.waits, person, now)}


def happened(application: Application) -> history.Line | None:
    """Return a person's latest act, or the latest event if none of the newest is one."""
    events = history.newest_of(application)
    acts = [
        one
        for one in events
        if one.actor.startswith("person:") and not one.refused and one.action not in READING
    ]
    return next(iter(history.worded((acts or events)[:1])), None)
