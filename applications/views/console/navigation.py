"""The navigation of the console: its pages, with the number of things waiting on each."""

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
    """A page of the console; `count` is the number of things waiting for a reviewer there."""

    label: Promise
    href: str
    count: int
    current: bool


def items(request: HttpRequest) -> list[Item]:
    """Return the pages in order, with the current one marked.

    The URLs of cases are directly below the console's, so "Cases" is current if no other page is.
    """
    waiting = _waiting()
    leads = StaffRole.Kind.LEAD in access.staff_roles(request)
    pages = [*PAGES, *([LOADS] if leads else [])]
    parts = [_item(request, label, name, waiting.get(name, 0)) for label, name in pages]
    queue = reverse("console:queue")
    inside = request.path.startswith(queue) and not any(item.current for item in parts)
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
    """Return the number of things waiting on each page, by the page's name, in one query."""
    now = clock.now()
    querysets: list[tuple[str, QuerySet[Any]]] = [
        ("queue", Application.objects.filter(status=Status.IN_REVIEW)),
        ("administrators", AdministratorRequest.objects.filter(decided_at=None)),
        ("register", RegisterTask.objects.filter(outcome="")),
        ("register", queries.waiting_runs()),
        ("blocked_keys", authority.blocked_in_force(now=now)),
        ("replacements", replacements.open_plans(now)),
        ("waivers", waivers.ending_soon(clock.day(now))),
        ("undelivered", set_aside.items()),
    ]
    first, *others = (_count(name, queryset) for name, queryset in querysets)
    waiting = Counter[str]()
    for name, number in first.union(*others, all=True):
        waiting[name] += number
    if waiting["replacements"]:  # few, and most of the time none
        waiting["replacements"] = replacements.waiting(now)
    return waiting


def _count(name: str, queryset: QuerySet[Any]) -> QuerySet[Any, Any]:
    """Return the query for the name and the number of rows; it has no row if there are none."""
    named = queryset.order_by().annotate(waits_on=Value(name)).values("waits_on")
    counted: QuerySet[Any, Any] = named.annotate(number=Count("pk"))
    return counted.values_list("waits_on", "number")


def _item(request: HttpRequest, label: Promise, name: str, count: int) -> Item:
    href = reverse(f"console:{name}")
    return Item(label, href, count, request.path.startswith(href))
