"""The navigation of the console: its pages, with how much waits on each."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AdministratorRequest
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
    parts = [_item(request, *page) for page in _pages()]
    cases = Application.objects.filter(status=Status.IN_REVIEW).count()
    queue = reverse("console:queue")
    inside = request.path.startswith(queue) and not any(one.current for one in parts)
    return [Item(_("Cases"), queue, cases, inside), *parts]


def _pages() -> list[tuple[Promise, str, int]]:
    now = clock.now()
    registers = RegisterTask.objects.filter(outcome="").count() + len(queries.waiting_runs())
    asked = AdministratorRequest.objects.filter(decided_at=None).count()
    ending = waivers.ending_soon(clock.day(now)).count()
    return [
        (_("Organisations"), "accounts", 0),
        (_("Administrators"), "administrators", asked),
        (_("Registers"), "register", registers),
        (_("Blocked keys"), "blocked_keys", authority.blocked_in_force(now=now).count()),
        (_("Replacements"), "replacements", replacements.waiting()),
        (_("Waivers"), "waivers", ending),
        (_("Mail"), "undelivered", set_aside.items().count()),
        (_("Numbers"), "numbers", 0),
        (_("Events"), "events", 0),
    ]


def _item(request: HttpRequest, label: Promise, name: str, count: int) -> Item:
    href = reverse(f"console:{name}")
    return Item(label, href, count, request.path.startswith(href))
