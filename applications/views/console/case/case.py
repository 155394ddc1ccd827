"""The page of a case, with everything that a reviewer needs to decide."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.page_reading import read_once
from applications.models import Application
from applications.views.console.case import checklist, rights
from applications.views.console.case.background import earlier
from applications.views.console.case.case_context import background, evidence, pending, prepared
from applications.views.console.case.identity import identity
from applications.views.console.case.reading import read, read_others
from applications.views.console.entry import case_view
from applications.views.console.queue import ready_made
from applications.views.console.queue.queue import neighbours
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Wanted


@read_once
@case_view
@require_safe
def case(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the case; record that an auditor viewed it."""
    person, now = access.person_of(request), clock.now()
    ways, wanted = neighbours(request, application)
    to_take = list[int]()
    next_ones = Wanted(ready_made.to_take(ready_made.Reader(person, now)), to_take.extend)
    read(application, person, next_ones, *wanted, now=now)
    stand = read_others(application, *earlier(application), now=now)
    context = (
        evidence(application, stand, now=now)
        | identity(application, person, now=now)
        | rights.sender(application, person)
        | prepared(application, person, now=now)
        | pending(application, person)
        | background(application, person, stand)
        | ways
    )
    context["to_take"] = any(to_take)
    context["checklist"] = checklist.items(context["handled"], context)
    return render(request, "applications/console/case.html", context)
