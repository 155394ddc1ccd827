"""The navigation of the console: its pages, with the number of things waiting on each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _, pgettext_lazy

from accounts import access
from accounts.models import AdministratorRequest, StaffRole
from accounts.register.lookup import queries
from applications import services
from applications.models import Application
from applications.models.register_task import RegisterTask
from applications.rules import waivers
from applications.views.console import replacements
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Compiled, compiled_for
from certportal.foundation.outbox import set_aside
from certportal.foundation.web.keyset import NONE, Count, bounded, counts
from issuance import services as authority
from issuance.models import BlockEnding


@dataclass(frozen=True, slots=True)
class Item:
    """A page of the console; `count` is the number of things waiting for a reviewer there.

    `is_view`: it is listed among the ready-made views of the queue too. `pages`: of an item that
    is no page, those that are folded under it.
    """

    label: Promise
    href: str
    count: Count
    current: bool
    is_view: bool = False
    pages: Sequence["Item"] = ()


def items(request: HttpRequest) -> list[Item]:
    """Return the pages in order, with the current one marked; last those that are seldom used.

    The URLs of cases are directly below the console's, so "Cases" is current if no other page is,
    and not on the page of the search.
    """
    now = clock.now()
    waiting = counts(
        {name: number(now) for name, number in COUNTED.items()}
        | {"waivers": bounded(waivers.ending_soon(clock.day(now)))}
    )
    waiting["register"] += waiting["runs"]
    waiting["blocked_keys"] += waiting["block_endings"]
    if waiting["replacements"]:  # few, and most of the time none
        waiting["replacements"] = Count(replacements.waiting(now))
    leads = StaffRole.Kind.LEAD in access.staff_roles(request)
    in_bar = [LOADS, *(page for page in DAILY if page != KEYS)] if leads else DAILY
    daily, seldom = (
        [_item(request, label, name, waiting.get(name, NONE)) for label, name in pages]
        for pages in (in_bar, [*([KEYS] if leads else []), *SELDOM])
    )
    folded = any(item.current for item in seldom)
    more = Item(MORE, "", sum((item.count for item in seldom), NONE), folded, pages=seldom)
    queue = reverse("console:queue")
    others = [*daily, more]
    elsewhere = any(item.current for item in others) or request.path == reverse("console:search")
    inside = request.path.startswith(queue) and not elsewhere
    return [Item(_("Cases"), queue, waiting["queue"], inside), *others]


KEYS = (_("Keys"), "blocked_keys")
LOADS = (pgettext_lazy("reviewers", "Workload"), "loads")
DAILY = (
    (_("Certificates"), "certificates"),
    (_("Organisations"), "accounts"),
    (_("People"), "people"),
    (_("Registers"), "register"),
    KEYS,
    (_("Mail"), "undelivered"),
    (_("Numbers"), "numbers"),
    (_("Events"), "events"),
)
"""The pages that stand in the bar, in one line on the screen of an office.

A lead has the loads there and the keys folded, since the line has no room for both.
"""
SELDOM = (
    (_("Administrators"), "administrators"),
    (_("Replacements"), "replacements"),
    (_("Waivers"), "waivers"),
)
MORE = pgettext_lazy("pages", "More")
VIEWS = {"register", "undelivered"}


def _number(waiting: Callable[[datetime], QuerySet[Any]]) -> Callable[[datetime], Compiled]:
    return compiled_for(datetime.min.replace(tzinfo=UTC))(lambda now: bounded(waiting(now)))


COUNTED = {
    name: _number(waiting)
    for name, waiting in {
        "queue": lambda _now: Application.objects.filter(status=Status.IN_REVIEW),
        "administrators": lambda _now: AdministratorRequest.objects.filter(decided_at=None),
        "register": lambda _now: RegisterTask.objects.filter(outcome=""),
        "runs": lambda _now: queries.waiting_runs(),
        "blocked_keys": lambda now: authority.blocked_in_force(now=now),
        "block_endings": lambda _now: BlockEnding.objects.filter(closed_at=None),
        "replacements": services.open_replacements,
        "undelivered": lambda _now: set_aside.items(),
    }.items()
}
"""The queries for what waits on the pages, by their names; every page of the console asks them."""


def _item(request: HttpRequest, label: Promise, name: str, count: Count) -> Item:
    href = reverse(f"console:{name}")
    return Item(label, href, count, request.path.startswith(href), name in VIEWS)
