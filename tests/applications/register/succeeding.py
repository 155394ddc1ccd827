"""One organisation's account handed over to another, and who sees what afterwards."""

from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import Person, Succession
from applications import services
from certportal.dev.builders import people
from certportal.foundation import clock

PHARMACY, CLINICS = "9900001-8", "9900008-5"
"""Whose accounts Matti and Kalle administer."""
COUNTY = "9900009-3"
"""An organisation of the register that has no account."""


def succeed(
    person: Person,
    former: str = PHARMACY,
    successor: str = CLINICS,
    reason: str = "Fuusio 1.12.2026.",
) -> Succession:
    """Hand the former organisation's account over, as the reviewer does."""
    return services.succeed(
        former,
        successor,
        reason=reason,
        person=person,
        actor=actor_for(person),
        now=clock.now(),
    )


def sees(person: Person, name: str, *args: object) -> int:
    """Return with which status the page answers the person."""
    client = people.log_in(Client(), person)
    return client.get(reverse(name, args=args)).status_code
