"""Logging in with a verified identity, and logout initiated by the identification provider."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from accounts.event_names import AccountEvent
from accounts.identification.identity import Identity
from accounts.models import SignOn, User
from accounts.services.people import recognise, sessions
from certportal.foundation.actors import system
from certportal.foundation.web import limits, tokens

# Limits: steps of each kind (see `Step`) from one network address, and logins of one person.
MOST_STEPS_FROM, STEPS_PER = 400, timedelta(minutes=10)
MOST_LOGINS_AN_HOUR = 60


class Step(StrEnum):
    """A step of logging in that needs no session.

    LEAVING: the redirect to the provider; ANSWER: a SAML answer; STRAY: a return from the provider
    that this browser did not start.
    """

    LEAVING = "leaving"
    ANSWER = "answer"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Entry:
    """The login of an identity, and the key of its new `SignOn` row."""

    login: User
    sign_on: UUID


def step(which: Step, *, address: str, now: datetime) -> None:
    """Count one step of this kind from the network address. Raises TooMany.

    Kinds are counted separately, so that requests which a foreign site provokes in browsers
    behind one address use up only their own kind's limit.
    """
    scope = f"login_{which}_from"
    limits.spend_from(scope, address, most=MOST_STEPS_FROM, per=STEPS_PER, now=now)


def enter(identity: Identity, *, language: str, client: sessions.Client, now: datetime) -> Entry:
    """Recognise the person and begin a session. Raises LoginClosed and TooMany."""
    login = recognise.recognise(identity, language=language, address=client.address, now=now)
    hour = timedelta(hours=1)
    limits.spend("login", login.username, most=MOST_LOGINS_AN_HOUR, per=hour, now=now)
    return Entry(login, sessions.begin(login, identity.session, client=client, now=now).pk)


@transaction.atomic
def end_by_provider(name_id: str, indexes: Collection[str], *, now: datetime) -> None:
    """End the sessions with this NameID and these SessionIndexes; without an index, all of them.

    (SAML 2.0 Core, 3.7.1.)
    """
    rows = SignOn.objects.select_for_update().filter(
        name_digest=tokens.digest(name_id), ended_at=None
    )
    if indexes:
        rows = rows.filter(index_digest__in=[tokens.digest(index) for index in indexes])
    for row in rows:
        sessions.end(row, AccountEvent.PERSON_LOGGED_OUT_BY_PROVIDER, system("identification"), now)
