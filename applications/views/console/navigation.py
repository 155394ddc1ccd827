"""The navigation of the console: its pages, with how much waits on each."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import access
from accounts.models import AdministratorRequest, StaffRole
from accounts.register.lookup import queries
from applications.models import Application
from applications.models.register_task import RegisterTask
from applications.rules import waivers
from applications.views.console import replacements
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.outbox import set_aside
from issuance import services as authority


@dataclass(frozen=True, slots=True)
class Item:
    """A page of the console; `count` is how much waits for a reviewer there."""

    label: Promise
    href: str
    count: int
    current: bool


def items(request: HttpRequest) -> list[Item]:
    """Return the pages in the order of the bar, with the part of the console that is open marked.

    The cases lie below the console's own address, so they are open where no other part is.
    """
    waiting = _waiting()
    leads = StaffRole.Kind.LEAD in access.staff_roles(request)
    pages = [*PAGES, *([LOADS] if leads else [])]
    parts = [_item(request, label, name, waiting.get(name, 0)) for label, name in pages]
    queue = reverse("console:queue")
    inside = request.path.startswith(queue) and not any(one.current for one in parts)
    return [Item(_("Cases"), queue, waiting.get("queue", 0), inside), *parts]


PAGES = (
    (_("Organisations"), "accounts"),
    (_("Administrators"), "administrators"),
    (_("Registers"), "register"),
    (_("Blocked keys"), "blocked_keys"),
    (_("Replacements"), "replacements"),
    (_("Waivers"), "waivers"),
    (_("Mail"), "undelivered"),
    (_("Numbers"), "numbers"),
    (_("Events"), "events"),
)
LOADS = (pgettext_lazy("reviewers", "Loads"), "loads")


def _waiting() -> Counter[str]:
    """Return how much waits on each page, by its name, in one query."""
    now = clock.now()
    asked: list[tuple[str, QuerySet[Any]]] = [
        ("queue", Application.objects.filter(status=Status.IN_REVIEW)),
        ("administrators", AdministratorRequest.objects.filter(decided_at=None)),
        ("register", RegisterTask.objects.filter(outcome="")),
        ("register", queries.waiting_runs()),
        ("blocked_keys", authority.blocked_in_force(now=now)),
        ("replacements", replacements.open_plans(now)),
        ("waivers", waivers.ending_soon(clock.day(now))),
        ("undelivered", set_aside.items()),
    ]
    first, *others = (_count(name, found) for name, found in asked)
    waiting = Counter[str]()
    for name, number in first.union(*others, all=True):
        waiting[name] += number
    if waiting["replacements"]:  # few, and most of the time none
        waiting["replacements"] = replacements.waiting(now)
    return waiting


def _count(name: str, found: QuerySet[Any]) -> QuerySet[Any, Any]:
    """Return the query of the name and how many rows there are; of none, no row."""
    named = found.order_by().annotate(waits_on=Value(name)).values("waits_on")
    counted: QuerySet[Any, Any] = named.annotate(number=Count("pk"))
    return counted.values_list("waits_on", "number")


def _item(request: HttpRequest, label: Promise, name: str, count: int) -> Item:
    href = reverse(f"console:{name}")
    return Item(label, href, count, request.path.startswith(href))
