"""Who holds a case, and for whom it is reserved once approved."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts import access
from accounts.models import Person, StaffRole
from applications.models import Application, SecondLook


def is_free(application: Application) -> bool:
    """Return whether no current reviewer holds the case."""
    return application.reviewer is None or not access.is_reviewer(application.reviewer)


def free() -> Q:
    """Return `is_free` as a database condition on Application."""
    roles = StaffRole.objects.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None)
    return ~Q(reviewer__in=roles.values("person"))


def running(application: Application, *, now: datetime) -> QuerySet[SecondLook]:
    """Return the reservation of the case that has not expired, if any."""
    return SecondLook.objects.filter(application=application, until__gt=now)


def by_another(application: Application, person: Person, *, now: datetime) -> SecondLook | None:
    """Return the unexpired reservation of another person, or None."""
    return running(application, now=now).exclude(person=person).select_related("person").first()
