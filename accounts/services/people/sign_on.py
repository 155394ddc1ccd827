"""Logging in on a proven identity, and ending logins from the provider's side."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from accounts.identification.identity import Identity
from accounts.models import SignOn, User
from accounts.services import people, sessions
from accounts.services.sessions import Client
from certportal.foundation import limits
from certportal.foundation.actors import system

# Steps of logging in (leaving for the provider, its answers) from one network address: at most so
# many in ten minutes; and logins of one person within an hour.
MOST_STEPS_FROM, STEPS_PER = 400, timedelta(minutes=10)
MOST_LOGINS_AN_HOUR = 60


class Step(StrEnum):
    """A step of logging in that anybody can take: off to the provider, its answer, back astray."""

    LEAVING = "leaving"
    ANSWER = "answer"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Entry:
    """The login that an identity opens, and the row of its session."""

    login: User
    sign_on: UUID


def step(which: Step, *, address: str, now: datetime) -> None:
    """Count one step of this kind from the network address. Raises TooMany.

    Each kind by itself: what strangers can make browsers of a site ask for uses up nothing else.
    """
    scope = f"login_{which}_from"
    limits.spend_from(scope, address, most=MOST_STEPS_FROM, per=STEPS_PER, now=now)


def enter(identity: Identity, *, language: str, client: Client, now: datetime) -> Entry:
    """Recognise the person and begin a session of theirs. Raises LoginClosed and TooMany."""
    login = people.recognise(identity, language=language, address=client.address, now=now)
    hour = timedelta(hours=1)
    limits.spend("login", login.username, most=MOST_LOGINS_AN_HOUR, per=hour, now=now)
    row = sessions.begin(login, identity.session, client=client, now=now)
    return Entry(login, row.pk)


@transaction.atomic
def end_by_provider(name_id: str, indexes: Collection[str], *, now: datetime) -> None:
    """End the logins of this name and these indexes; no index at all means every one of the name.

    (SAML 2.0 Core, 3.7.1.)
    """
    rows = SignOn.objects.select_for_update().filter(
        name_digest=sessions.digest(name_id), ended_at=None
    )
    if indexes:
        rows = rows.filter(index_digest__in=[sessions.digest(one) for one in indexes])
    for row in rows:
        sessions.end(row, "person.logged_out_by_provider", system("identification"), now)
