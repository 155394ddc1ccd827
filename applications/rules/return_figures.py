"""Why orders came back in the last twelve months: what was asked, and what the checks found."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, Q

from applications.models import InformationRequest
from applications.rules.figures import ALL, Among, last_months
from applications.rules.sections import BY_ID
from certportal.foundation import clock

DOCUMENTS, WORDS = "documents", "words"
"""Stand among the parts for requests for documents, and for those answered in words alone."""
PARTS = (*BY_ID, DOCUMENTS, WORDS)
FAULTS = """
    SELECT fault->>'rule', count(DISTINCT run.application_id), min(fault::text)
    FROM applications_check AS run
    JOIN applications_application AS ordered ON ordered.id = run.application_id
    CROSS JOIN LATERAL jsonb_array_elements(run.findings) AS fault
    WHERE run.at >= %(since)s AND run.findings <> '[]'
      AND %(type)s IN ('', ordered.type) AND %(language)s IN ('', ordered.language)
    GROUP BY 1 ORDER BY 2 DESC, 1
"""


@dataclass(frozen=True, slots=True)
class Returned:
    """How many requests of reviewers and of the checks opened a part, or asked for documents."""

    part: str
    by_reviewers: int
    by_checks: int


@dataclass(frozen=True, slots=True)
class Fault:
    """In how many orders the checks found something by a rule; `example` is one of the findings."""

    rule: str
    orders: int
    example: dict[str, Any]


def returns(*, now: datetime, among: Among = ALL) -> list[Returned]:
    """Return the requests by what they asked, in the order of the form; one may ask for more."""
    of_orders = among.holds("application__")
    requests = InformationRequest.objects.filter(of_orders, asked_at__gte=_since(now)).order_by()
    rows = requests.annotate(
        of_checks=ExpressionWrapper(Q(reviewer=None), BooleanField()),
        wants=ExpressionWrapper(~Q(wanted=""), BooleanField()),
    ).values_list("fields", "of_checks", "wants")
    counted: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for parts, of_checks, wants, number in rows.annotate(Count("pk")):
        for part in [*parts, *([DOCUMENTS] if wants else [])] or [WORDS]:
            counted[of_checks][part] += number
    found = [Returned(part, counted[False][part], counted[True][part]) for part in PARTS]
    return [one for one in found if one.by_reviewers or one.by_checks]


def faults(*, now: datetime, among: Among = ALL) -> list[Fault]:
    """Return the findings of the checks by rule, the most frequent first."""
    chosen: dict[str, Any] = {"since": _since(now), "type": among.type, "language": among.language}
    with connection.cursor() as cursor:
        cursor.execute(FAULTS, chosen)
        rows = cursor.fetchall()
    return [Fault(rule, orders, json.loads(example)) for rule, orders, example in rows]


def _since(now: datetime) -> datetime:
    return clock.start_of_day(last_months(now)[0])
