"""A search for events in the console: its database conditions, and what is recorded of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q

from accounts.models import Organisation, Person
from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.event_search import between, holding
from issuance.models import Certificate, PreparedCertificate


@dataclass(frozen=True, slots=True)
class EventQuery:
    """The criteria that an event must all meet; of several persons and the like, one suffices."""

    persons: Sequence[Person] = ()
    organisations: Sequence[Organisation] = ()
    orders: Sequence[Application] = ()
    serials: Sequence[str] = ()
    action: str = ""
    since: date | None = None
    until: date | None = None
    refused: bool = False

    def criteria(self) -> dict[str, Any]:
        """Return the criteria for recording in an event: keys only, no names."""
        values = {
            "persons": [str(person.pk) for person in self.persons],
            "organisations": [str(organisation.pk) for organisation in self.organisations],
            "orders": [order.number for order in self.orders],
            "serials": list(self.serials),
            "action": self.action,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "refused": self.refused,
        }
        return {name: value for name, value in values.items() if value}

    def alternatives(self) -> tuple[list[Q], Q]:
        """Return alternatives, each usable with an index, and a common condition.

        An event must meet one alternative and the common condition."""
        criteria = [alternatives for alternatives in self._conditions() if alternatives]
        first, *others = criteria or [[Q()]]
        common = [reduce(or_, alternatives) for alternatives in others]
        return first, reduce(and_, [*common, self._common()])

    def _conditions(self) -> list[list[Q]]:
        """Return the alternatives of each criterion; the most selective criterion first."""
        return [
            [condition for serial in self.serials for condition in _of_serial(serial)],
            [condition for order in self.orders for condition in _of_order(order)],
            [condition for person in self.persons for condition in _of_person(person)],
            [Q(organisation_id=organisation.pk) for organisation in self.organisations],
            [Q(action=self.action)] if self.action else [],
        ]

    def _common(self) -> Q:
        since = clock.start_of_day(self.since) if self.since else None
        until = clock.start_of_day(self.until + timedelta(days=1)) if self.until else None
        period = between(since, until)
        return period & Q(refused=True) if self.refused else period


def _of_person(person: Person) -> list[Q]:
    keys = [str(person.pk), *map(str, person.merged_from.values_list("pk", flat=True))]
    return [
        *(Q(actor=f"person:{key}") for key in keys),
        *(Q(object_type="person", object_id=key) for key in keys),
    ]


def _of_order(order: Application) -> list[Q]:
    return [Q(object_type="application", object_id=str(order.pk)), holding("reference", order.pk)]


def _of_serial(serial: str) -> list[Q]:
    """Return the conditions for events of the certificate, its attempt and its order."""
    references = {
        *Certificate.objects.filter(serial=serial).values_list("reference", flat=True),
        *PreparedCertificate.objects.filter(serial=serial).values_list("reference", flat=True),
    }
    return [
        holding("serial", serial),
        *(Q(object_type="application", object_id=str(key)) for key in references),
    ]
