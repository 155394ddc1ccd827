"""Who holds a case."""

from django.db.models import Q

from accounts import access
from accounts.models import StaffRole
from applications.models import Application


def is_free(application: Application) -> bool:
    """Return whether no current reviewer holds the case."""
    return application.reviewer is None or not access.is_reviewer(application.reviewer)


def free() -> Q:
    """Return `is_free` as a database condition on Application."""
    roles = StaffRole.objects.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None)
    return ~Q(reviewer__in=roles.values("person"))
