"""The cases before and after a case in the list of the queue from which it was opened."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from applications.models import Application
from applications.views.console.queue.queue import narrow
from applications.workflow import OPEN_CASES
from certportal.foundation.combined_queries import Values, Wanted, first
from certportal.foundation.web.keyset import Beyond
from certportal.foundation.web.queries import kept_query


def neighbours(request: HttpRequest, case: Application) -> tuple[dict[str, Any], list[Wanted]]:
    """Return the context of the links to the list and to the cases beside this one in it.

    The query of the case's page is that of the list. The cases, each its number and key, come into
    the context when what is wanted has been asked. The case itself need not be in the list any
    more; a closed one has no place among all open cases.
    """
    context: dict[str, Any] = {"list_url": reverse("console:queue") + kept_query(request)}
    narrowed = narrow(request)
    if narrowed.is_of_open and case.status not in OPEN_CASES:
        return context, []
    cases, key = narrowed.qs, narrowed.key
    is_exact = narrowed.found is not None and str(case.pk) in narrowed.found.exact
    place = {
        "is_other": not is_exact,
        "queue_day": case.due_on or date.max,
        "submitted_at": case.submitted_at,
        "number": case.number,
    }
    edge = [place[name] for name in key]

    def wanted(name: str, sign: str, down: str) -> Wanted:
        found = cases.filter(Beyond(key, edge, sign)).order_by(*(f"{down}{part}" for part in key))
        nearest = Values(found.values_list("number", "pk")[:1], 2)
        return Wanted(nearest, lambda rows: context.update({name: first(rows)}))

    return context, [wanted("earlier_case", "<", "-"), wanted("later_case", ">", "")]
