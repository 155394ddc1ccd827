"""The navigation of the account: its parts, and which of them is current."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _, pgettext_lazy

from applications.rules import domains
from applications.views.shared.entry import may_order
from applications.views.shared.supplying import supplies


@dataclass(frozen=True, slots=True)
class Item:
    """A part of the account; `current`: the open page belongs to it."""

    label: Promise
    href: str
    current: bool


type Part = tuple[Promise, str, tuple[str, ...]]

# Each part: its label, the route of its page, and prefixes of the routes of its other pages. The
# longest matching prefix decides.
HOME: Part = (_("Home"), "home", ("home", "technical:"))
PEOPLE: Part = (
    _("People"),
    "accounts:members",
    ("accounts:me", "accounts:leave", "accounts:invite"),
)
ORGANISATION: Part = (
    _("Organisation"),
    "accounts:right",
    (
        *("accounts:right", "accounts:choose", "accounts:found", "accounts:confirm"),
        *("accounts:suppliers", "accounts:consent", "accounts:end_consent"),
    ),
)
ORDERING: tuple[Part, ...] = (
    (pgettext_lazy("plural", "Orders"), "applications:orders", ("applications:",)),
    (_("Certificates"), "certificates", ("certificates", "applications:certificate")),
    (_("Units"), "applications:units", ("applications:units",)),
)
DOMAINS: Part = (_("Domains"), "applications:domains", ("applications:domains",))


CUSTOMERS: Part = (_("Customers"), "customers:customers", ("customers:", "accounts:resign"))


def items(request: HttpRequest) -> list[Item]:
    """Return the parts of the account of the chosen organisation; without one, the home page."""
    if getattr(request, "organisation", None) is None:
        return _marked(request, (HOME,))
    ordering: tuple[Part, ...] = ORDERING if may_order(request) else ()
    if ordering and domains.in_use():
        ordering += (DOMAINS,)
    supplying = (CUSTOMERS,) if supplies(request) else ()
    return _marked(request, (HOME, *ordering, *supplying, PEOPLE, ORGANISATION))


def _marked(request: HttpRequest, parts: tuple[Part, ...]) -> list[Item]:
    route = request.resolver_match.view_name if request.resolver_match else ""
    fits = [
        max((len(prefix) for prefix in part[2] if route.startswith(prefix)), default=0)
        for part in parts
    ]
    best = max(fits)
    return [
        Item(label, reverse(page), 0 < fit == best)
        for (label, page, _routes), fit in zip(parts, fits, strict=True)
    ]
