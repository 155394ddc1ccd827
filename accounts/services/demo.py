"""The test persons' roles, for development and tests."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.identification import claims
from accounts.identification.testidp.persons import PERSONS, TestPerson
from accounts.models import Person, User
from accounts.services.people import recognise
from accounts.services.rights import staff_roles
from certportal.foundation.actors import system
from certportal.foundation.errors import NotAllowed

REVIEWERS = ("riitta", "raimo")
SUPERUSER = "sofia"


def grant_demo_roles(*, now: datetime) -> list[TestPerson]:
    """Create the test persons that hold a role and grant it; safe to repeat.

    Raises NotAllowed in production.
    """
    if settings.PORTAL_ENV == "production":
        raise NotAllowed("There are no test persons in production.")
    with transaction.atomic():
        for person in PERSONS:
            if person.key in REVIEWERS:
                reviewer = Person.objects.get(logins=login_of(person, now=now))
                staff_roles.grant_reviewer(reviewer, by=None, actor=system("demo"), now=now)
            elif person.key == SUPERUSER:
                staff_roles.make_superuser(login_of(person, now=now), actor=system("demo"), now=now)
    return list(PERSONS)


def login_of(person: TestPerson, *, now: datetime) -> User:
    """Return the test person's login, created as their first identification would create it."""
    identity = claims.identity(person.claims())
    return recognise.recognise(identity, language="fi", address="", now=now)
