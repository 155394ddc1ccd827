"""Which events a reader of the console asks for, and what is recorded of the question."""

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
    """What the events must have in common; of several persons or organisations, one of them."""

    persons: Sequence[Person] = ()
    organisations: Sequence[Organisation] = ()
    orders: Sequence[Application] = ()
    serials: Sequence[str] = ()
    action: str = ""
    since: date | None = None
    until: date | None = None
    refused: bool = False

    def told(self) -> dict[str, Any]:
        """Return the question as an event keeps it: keys only."""
        given = {
            "persons": [str(one.pk) for one in self.persons],
            "organisations": [str(one.pk) for one in self.organisations],
            "orders": [one.number for one in self.orders],
            "serials": list(self.serials),
            "action": self.action,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "refused": self.refused,
        }
        return {name: value for name, value in given.items() if value}

    def alternatives(self) -> tuple[list[Q], Q]:
        """Return conditions of which an event meets one, by an index, and what all of them meet."""
        asked = [found for found in self._conditions() if found]
        first, others = (asked[0], asked[1:]) if asked else ([Q()], [])
        common = [reduce(or_, each) for each in others]
        return first, reduce(and_, [*common, self._common()])

    def _conditions(self) -> list[list[Q]]:
        """Return for each part of the question its alternatives; the narrowest part first."""
        return [
            [each for serial in self.serials for each in _of_serial(serial)],
            [each for order in self.orders for each in _of_order(order)],
            [each for person in self.persons for each in _of_person(person)],
            [Q(organisation_id=one.pk) for one in self.organisations],
            [Q(action=self.action)] if self.action else [],
        ]

    def _common(self) -> Q:
        since = clock.start_of_day(self.since) if self.since else None
        until = clock.start_of_day(self.until + timedelta(days=1)) if self.until else None
        found = between(since, until)
        return found & Q(refused=True) if self.refused else found


def _of_person(person: Person) -> list[Q]:
    keys = [str(person.pk), *map(str, person.merged_from.values_list("pk", flat=True))]
    return [
        *(Q(actor=f"person:{key}") for key in keys),
        *(Q(object_type="person", object_id=key) for key in keys),
    ]


def _of_order(order: Application) -> list[Q]:
    return [
        Q(object_type="application", object_id=str(order.pk)),
        holding("reference", order.pk),
    ]


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
