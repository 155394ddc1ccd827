"""Whose case it is, and from which cases a reviewer is kept away."""

from datetime import datetime

from django.db.models import Q

from accounts import access
from accounts.models import Person, StaffRole
from applications.errors import OwnOrganisation
from applications.models import Application
from certportal.foundation.errors import NotAllowed
from issuance.services.errors import OwnOrganisationLately


def bias(person: Person, application: Application, *, now: datetime) -> NotAllowed | None:
    """Return why the reviewer must leave the case to others, worded, or None.

    The authority counts no approval of somebody who belongs to the organisation, or did within
    the year (hallintolaki 28 §), so such a person handles nothing of the case either.
    """
    if access.is_member(person, application.organisation_id):
        return OwnOrganisation()
    lately = access.is_partial(person, application.organisation_id, now=now)
    return OwnOrganisationLately() if lately else None


def require_unbiased(person: Person, application: Application, *, now: datetime) -> None:
    """Raise OwnOrganisation or OwnOrganisationLately."""
    refusal = bias(person, application, now=now)
    if refusal is not None:
        raise refusal


def is_free(application: Application) -> bool:
    """Whether nobody holds the case, or only somebody who is no reviewer any more."""
    return application.reviewer is None or not access.is_reviewer(application.reviewer)


def free() -> Q:
    """Return the condition of `is_free` for applications in the database."""
    held = StaffRole.objects.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None)
    return ~Q(reviewer__in=held.values("person"))
