"""Logging in on a proven identity, and ending logins from the provider's side."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.identification.identity import Identity
from accounts.models import SignOn, User
from accounts.services import people
from certportal.foundation import events, limits
from certportal.foundation.actors import Actor, system

# Steps of logging in (leaving for the provider, its answers) from one network address: at most so
# many in ten minutes; and logins of one person within an hour.
MOST_STEPS_FROM, STEPS_PER = 400, timedelta(minutes=10)
MOST_LOGINS_AN_HOUR = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """The login that an identity opens, and the row by which its provider may end it."""

    login: User
    sign_on: UUID | None


def step(*, address: str, now: datetime) -> None:
    """Count one step of logging in from the network address. Raises TooMany."""
    limits.spend_from("login_from", address, most=MOST_STEPS_FROM, per=STEPS_PER, now=now)


def enter(identity: Identity, *, language: str, address: str, now: datetime) -> Entry:
    """Recognise the person and open their login. Raises LoginClosed and TooMany."""
    login = people.recognise(identity, language=language, address=address, now=now)
    hour = timedelta(hours=1)
    limits.spend("login", login.username, most=MOST_LOGINS_AN_HOUR, per=hour, now=now)
    if identity.session is None or login.person is None:
        return Entry(login, None)
    row = SignOn.objects.create(
        person=people.present(login.person),
        name_digest=digest(identity.session.name_id),
        index_digest=digest(identity.session.index),
        begun_at=now,
    )
    return Entry(login, row.pk)


def is_open(sign_on: str) -> bool:
    """Whether the login has been ended neither here nor by its provider."""
    return SignOn.objects.filter(pk=sign_on, ended_at=None).exists()


@transaction.atomic
def leave(sign_on: str, *, actor: Actor, now: datetime) -> None:
    """End the login from this side; one that has ended stays as it is."""
    for row in SignOn.objects.select_for_update().filter(pk=sign_on, ended_at=None):
        _end(row, "person.logged_out", actor, now)


@transaction.atomic
def end_by_provider(name_id: str, indexes: Collection[str], *, now: datetime) -> None:
    """End the logins of this name and these indexes; no index at all means every one of the name.

    (SAML 2.0 Core, 3.7.1.)
    """
    rows = SignOn.objects.select_for_update().filter(name_digest=digest(name_id), ended_at=None)
    if indexes:
        rows = rows.filter(index_digest__in=[digest(one) for one in indexes])
    for row in rows:
        _end(row, "person.logged_out_by_provider", system("identification"), now)


def digest(name: str) -> str:
    """Return the hash under which a name of the provider's is kept."""
    return hashlib.sha256(name.encode()).hexdigest()


def _end(row: SignOn, action: str, actor: Actor, now: datetime) -> None:
    row.ended_at = now
    row.save(update_fields=["ended_at"])
    events.record(action, actor=actor, now=now, object_type="person", object_id=row.person_id)
