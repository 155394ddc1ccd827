"""Reservations of approved cases for a second person to look at."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Person
from applications.models import Application, SecondLook


def running(application: Application, *, now: datetime) -> QuerySet[SecondLook]:
    """Return the reservation of the case that has not expired, if any."""
    return SecondLook.objects.filter(application=application, until__gt=now)


def by_another(application: Application, person: Person, *, now: datetime) -> SecondLook | None:
    """Return the unexpired reservation of another person, or None."""
    looks = running(application, now=now)
    return looks.exclude(person=person).select_related("person").first()
