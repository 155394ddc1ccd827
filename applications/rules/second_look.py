"""Who looks at a case as its second person at a moment."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Person
from applications.models import Application, SecondLook


def running(application: Application, *, now: datetime) -> QuerySet[SecondLook]:
    """Return the look of whoever was given the case and can still be at it, if there is one."""
    return SecondLook.objects.filter(application=application, until__gt=now)


def by_another(application: Application, person: Person, *, now: datetime) -> SecondLook | None:
    """Return the running look of somebody else, or None."""
    looks = running(application, now=now)
    return looks.exclude(person=person).select_related("person").first()
