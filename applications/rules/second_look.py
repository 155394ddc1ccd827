"""Who looks at a case as its second person at a moment."""

from datetime import datetime

from accounts.models import Person
from applications.models import Application, SecondLook


def by_another(application: Application, person: Person, *, now: datetime) -> SecondLook | None:
    """Return the look of somebody else who was given the case and can still be at it, or None."""
    looks = SecondLook.objects.filter(application=application, until__gt=now)
    return looks.exclude(person=person).select_related("person").first()
