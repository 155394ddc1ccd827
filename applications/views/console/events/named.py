"""What events name by a key: people, accounts, orders and pages, as their readers know them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import get_resolver, reverse
from django.utils.translation import gettext as _, gettext_lazy, pgettext_lazy

from accounts.models import Organisation, Person, User
from applications.models import Application
from applications.workflow import Status
from certportal.foundation.models import Event

PEOPLE = {"person", "persons", "given_to", "taken_from", "into"}
ACCOUNTS = {"supplier", "successor", "organisations"}
ORDERS = {"reference", "replaces", "replaced_by"}
SUBJECTS = {
    "application": "order",
    "reference": "order",
    "organisation": "account",
    "members": "account",
    "person": "person",
    "login": "login",
}
"""What the id of an event's object refers to, by the kind of object."""
# Kinds of objects whose id is the name of a route: pages that were refused.
PAGES = {"console", "customers", "order", "page", "second_factor", "settings"}
LISTS = {
    "blocked_keys": gettext_lazy("Keys"),
    "ceremony_record": gettext_lazy("Records of key ceremonies"),
    "certificates": gettext_lazy("Certificates"),
    "numbers": gettext_lazy("Numbers"),
    "numbers_certificates": gettext_lazy("Certificates"),
    "numbers_findings": gettext_lazy("What the checks found"),
    "numbers_loads": pgettext_lazy("list", "Reviewers' workload"),
    "numbers_hours": pgettext_lazy("list", "Orders by the hour"),
    "numbers_returns": gettext_lazy("Why orders came back"),
    "numbers_waivers": gettext_lazy("Waivers"),
    "people": pgettext_lazy("list", "People"),
    "queue": gettext_lazy("Cases to review"),
    "search": gettext_lazy("Search"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a fact: a text, and the URL of the page about it if there is one."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """The people, accounts and orders that some events name, by their keys."""

    people: dict[str, Person]
    accounts: dict[str, Organisation]
    orders: dict[str, Application]
    logins: dict[str, Person]

    def of_data(self, kind: str, name: str, key: str) -> Part | None:
        """Return what a value of an event's data refers to; None if it is no reference."""
        if name in PEOPLE:
            return self.person(key)
        if name in ACCOUNTS or (kind, name) == ("supplier_consent", "to"):
            return self.account(key)
        return self.order(key) if name in ORDERS else None

    def subject(self, event: Event) -> Part:
        """Return what the event is about, without its kind; its key if it has no other name."""
        kind, key = event.object_type, event.object_id
        found: Callable[[str], Part] | None = {
            "application": self.order,
            "reference": self.order,
            "organisation": self.account,
            "members": self.account,
            "person": self.person,
            "login": self._login,
            "events": lambda _all: Part(""),
            "list": lambda name: Part(str(LISTS.get(name, name))),
            **dict.fromkeys(PAGES, lambda route: Part(address_of(route))),
        }.get(kind)
        return found(key) if found else Part(key)

    def person(self, key: str) -> Part:
        """Return the person's name, or that the person was erased."""
        person = self.people.get(key)
        if person is None:
            return Part(key)
        return Part(str(person) or _("Erased person"), reverse("console:person", args=[person.pk]))

    def account(self, key: str) -> Part:
        account = self.accounts.get(key)
        if account is None:
            return Part(key)
        return Part(account.name, reverse("console:account", args=[account.pk]))

    def order(self, key: str) -> Part:
        """Return the order's number; of a draft without a link, since reviewers see no drafts."""
        order = self.orders.get(key)
        if order is None:
            return Part(key)
        is_draft = order.status == Status.DRAFT
        return Part(order.number, "" if is_draft else reverse("console:case", args=[order.pk]))

    def _login(self, key: str) -> Part:
        person = self.logins.get(key)
        return self.person(str(person.pk)) if person else Part(key)


def named(events: Sequence[Event]) -> Named:
    """Read what the events name: one statement for each kind of row."""
    keys = list(_keys(events))
    logins = User.objects.filter(pk__in=_of(keys, "login")).select_related("person")
    held = {str(login.pk): login.person for login in logins if login.person}
    people = _by_key(Person.objects.filter(pk__in=_of(keys, "person")))
    return Named(
        people=people | {str(person.pk): person for person in held.values()},
        accounts=_by_key(Organisation.objects.filter(pk__in=_of(keys, "account"))),
        orders=_by_key(Application.objects.filter(pk__in=_of(keys, "order"))),
        logins=held,
    )


def _by_key[Row: (Person, Organisation, Application)](rows: Iterable[Row]) -> dict[str, Row]:
    return {str(row.pk): row for row in rows}


def _of(keys: Iterable[tuple[str, str]], kind: str) -> set[UUID]:
    """Return the keys of this kind that are keys at all: data of earlier versions is not ours."""
    found = set[UUID]()
    for its_kind, key in keys:
        if its_kind == kind and re.fullmatch(r"[0-9a-f-]{36}", key):
            found.add(UUID(key))
    return found


def _keys(events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    for event in events:
        actor, _colon, key = event.actor.partition(":")
        yield ("person" if actor == "person" else ""), key
        yield "account", str(event.organisation_id or "")
        yield SUBJECTS.get(event.object_type, ""), event.object_id
        yield from _in_data(event.object_type, event.data)


def _in_data(kind: str, data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _in_data(kind, value)
        for key in map(str, value if isinstance(value, list) else [value]):
            if name in PEOPLE:
                yield "person", key
            elif name in ORDERS:
                yield "order", key
            elif name in ACCOUNTS or (kind, name) == ("supplier_consent", "to"):
                yield "account", key


def address_of(route: str) -> str:
    """Return the address of the route's pages with … for each id; the route if it has none."""
    resolver: Any = get_resolver()
    *spaces, name = route.split(":")
    before = ""
    for space in spaces:
        if space not in resolver.namespace_dict:
            return route
        start, resolver = resolver.namespace_dict[space]
        before += start
    found = resolver.reverse_dict.getlist(name)
    if not found:
        return route
    (template, _names), *_others = found[0][0]
    return "/" + re.sub(r"%\(\w+\)s", "…", before.replace("\\", "") + template)
