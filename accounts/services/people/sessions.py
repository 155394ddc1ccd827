"""Sessions of people who have identified: begun, listed, given new ids, and ended."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.identification.identity import ProviderSession
from accounts.models import Person, SignOn, User
from accounts.services import people
from certportal.foundation import events
from certportal.foundation.actors import Actor

# However busy its person: nobody works longer in one go (NIST SP 800-63B, 4.2.3).
LONGEST = timedelta(hours=12)
# How exactly one learns when a session was last used.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Client:
    """From where somebody uses the service: address, and the browser in a few words."""

    address: str = ""
    browser: str = ""


def begin(
    login: User, provided: ProviderSession | None, *, client: Client, now: datetime
) -> SignOn:
    """Begin a session of the login, which belongs to a person."""
    assert login.person is not None
    return SignOn.objects.create(
        person=people.present(login.person),
        name_digest=digest(provided.name_id) if provided else "",
        index_digest=digest(provided.index) if provided else "",
        begun_at=now,
        seen_at=now,
        browser=client.browser[:80],
        address=client.address or None,
    )


def standing(sign_on: str, *, now: datetime) -> SignOn | None:
    """Return the session unless it has been ended, here or by its provider, or is too old."""
    return SignOn.objects.filter(pk=sign_on, ended_at=None, begun_at__gt=now - LONGEST).first()


def latest_end(row: SignOn) -> datetime:
    """Return when the session ends at the latest, however busy its person."""
    return row.begun_at + LONGEST


def rest(row: SignOn | None, *, now: datetime) -> int:
    """Return how many seconds are left until then; all of them without a session."""
    left = latest_end(row) - now if row else LONGEST
    return max(0, int(left.total_seconds()))


def seen(row: SignOn, *, now: datetime) -> None:
    """Note that the session is in use."""
    if now - row.seen_at >= SEEN_EVERY:
        SignOn.objects.filter(pk=row.pk).update(seen_at=now)


def renewed(row: SignOn) -> None:
    """Note that the session has got its new id."""
    SignOn.objects.filter(pk=row.pk).update(renew=False)


def sessions(person: Person, *, now: datetime) -> list[SignOn]:
    """Return the person's sessions that are open, the one used last first."""
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    # One that was seen within SEEN_EVERY before it became idle may have been used a little later.
    alive = SignOn.objects.filter(
        person=person,
        ended_at=None,
        begun_at__gt=now - LONGEST,
        seen_at__gt=now - idle - SEEN_EVERY,
    )
    return list(alive.order_by("-seen_at", "pk"))


def is_own(person: Person, sign_on: UUID) -> bool:
    """Whether the session is, or was, the person's."""
    return SignOn.objects.filter(person=person, pk=sign_on).exists()


@transaction.atomic
def leave(sign_on: str, *, actor: Actor, now: datetime) -> None:
    """End the session from this side; one that has ended stays as it is."""
    for row in SignOn.objects.select_for_update().filter(pk=sign_on, ended_at=None):
        end(row, "person.logged_out", actor, now)


@transaction.atomic
def end_own(person: Person, sign_on: UUID, *, actor: Actor, now: datetime) -> None:
    """End one of the person's own sessions; one that has ended stays as it is."""
    for row in _open(person).filter(pk=sign_on):
        end(row, "person.session_ended", actor, now)


@transaction.atomic
def end_all(person: Person, *, actor: Actor, now: datetime, but: UUID | None = None) -> None:
    """End the person's sessions everywhere, all `but` one: their next requests are a stranger's."""
    for row in _open(person).exclude(pk__in=[but] if but else []):
        end(row, "person.session_ended", actor, now)


def renew(person: Person) -> None:
    """Have every session of the person get a new id: their rights have changed."""
    SignOn.objects.filter(person=person, ended_at=None).update(renew=True)


def digest(name: str) -> str:
    """Return the hash under which a name of the provider's is kept."""
    return hashlib.sha256(name.encode()).hexdigest()


def end(row: SignOn, action: str, actor: Actor, now: datetime) -> None:
    """End the locked session, and record it as this action."""
    row.ended_at = now
    row.save(update_fields=["ended_at"])
    events.record(action, actor=actor, now=now, object_type="person", object_id=row.person_id)


def _open(person: Person) -> QuerySet[SignOn]:
    return SignOn.objects.select_for_update().filter(person=person, ended_at=None)
