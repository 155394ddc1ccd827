"""The navigation of the console: its pages, with the number of things waiting on each."""

from dataclasses import dataclass

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
from certportal.foundation.web.keyset import NONE, Count, counts
from issuance import services as authority


@dataclass(frozen=True, slots=True)
class Item:
    """A page of the console; `count` is the number of things waiting for a reviewer there.

    `is_view`: it is listed among the ready-made views of the queue too.
    """

    label: Promise
    href: str
    count: Count
    current: bool
    is_view: bool = False


def items(request: HttpRequest) -> list[Item]:
    """Return the pages in order, with the current one marked.

    The URLs of cases are directly below the console's, so "Cases" is current if no other page is,
    and not on the page of the search.
    """
    waiting = _waiting()
    leads = StaffRole.Kind.LEAD in access.staff_roles(request)
    pages = [*PAGES, *([LOADS] if leads else [])]
    parts = [_item(request, label, name, waiting.get(name, NONE)) for label, name in pages]
    queue = reverse("console:queue")
    others = any(item.current for item in parts) or request.path == reverse("console:search")
    inside = request.path.startswith(queue) and not others
    return [Item(_("Cases"), queue, waiting["queue"], inside), *parts]


PAGES = (
    (_("Certificates"), "certificates"),
    (_("Organisations"), "accounts"),
    (_("People"), "people"),
    (_("Administrators"), "administrators"),
    (_("Registers"), "register"),
    (_("Keys"), "blocked_keys"),
    (_("Replacements"), "replacements"),
    (_("Waivers"), "waivers"),
    (_("Mail"), "undelivered"),
    (_("Numbers"), "numbers"),
    (_("Events"), "events"),
)
LOADS = (pgettext_lazy("reviewers", "Loads"), "loads")
VIEWS = {"register", "undelivered"}


def _waiting() -> dict[str, Count]:
    """Return the number of things waiting on each page, by the page's name, in one query."""
    now = clock.now()
    found = counts(
        {
            "queue": Application.objects.filter(status=Status.IN_REVIEW),
            "administrators": AdministratorRequest.objects.filter(decided_at=None),
            "register": RegisterTask.objects.filter(outcome=""),
            "runs": queries.waiting_runs(),
            "blocked_keys": authority.blocked_in_force(now=now),
            "replacements": replacements.open_plans(now),
            "waivers": waivers.ending_soon(clock.day(now)),
            "undelivered": set_aside.items(),
        }
    )
    found["register"] += found["runs"]
    if found["replacements"]:  # few, and most of the time none
        found["replacements"] = Count(replacements.waiting(now))
    return found


def _item(request: HttpRequest, label: Promise, name: str, count: Count) -> Item:
    href = reverse(f"console:{name}")
    return Item(label, href, count, request.path.startswith(href), name in VIEWS)
