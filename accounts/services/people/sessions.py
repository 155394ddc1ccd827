"""Sessions of identified people: beginning, listing, renewing the id of, and ending them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.event_names import AccountEvent
from accounts.identification.identity import ProviderSession
from accounts.models import Membership, Person, SignOn, StaffRole, User
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.database.combined_queries import Rows, Values, compiled_for, read_all
from certportal.foundation.web import tokens

# Absolute limit of a session, regardless of activity (NIST SP 800-63B, 4.2.3).
LONGEST = timedelta(hours=12)
# `seen_at` is written at most this often.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Client:
    """The network address and the browser (as in `browsers.in_words`) of a session."""

    address: str = ""
    browser: str = ""


def begin(
    login: User, provided: ProviderSession | None, *, client: Client, now: datetime
) -> SignOn:
    """Begin a session of the login, which must belong to a person."""
    assert login.person is not None
    return SignOn.objects.create(
        person=login.person.current,
        name_digest=tokens.digest(provided.name_id) if provided else "",
        index_digest=tokens.digest(provided.index) if provided else "",
        begun_at=now,
        seen_at=now,
        browser=client.browser[:80],
        address=client.address or None,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """An open session, with its person's current staff roles and memberships, by organisation."""

    row: SignOn
    roles: frozenset[str]
    memberships: list[Membership]


def standing(sign_on: str, *, now: datetime) -> Standing | None:
    """Return the session, or None if it was ended (here or by its provider) or is too old.

    Also None if it was begun by a clock that was ahead: it would last as much longer.
    """
    key = SignOn._meta.pk.to_python(sign_on)
    session = _session(key, *clock.recently(LONGEST, now=now))
    rows, roles, memberships = read_all(session, _roles_in(key), _memberships_in(key))
    if not rows:
        return None
    for each in memberships:
        each.person = rows[0].person
    return Standing(rows[0], frozenset(kind for (kind,) in roles), memberships)


@compiled_for(UUID(int=1), datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
def _session(sign_on: UUID, after: datetime, until: datetime) -> Rows:
    begun = {"begun_at__gt": after, "begun_at__lte": until}
    return Rows(SignOn.objects.filter(pk=sign_on, ended_at=None, **begun), "person")


@compiled_for(UUID(int=1))
def _roles_in(sign_on: UUID) -> Values:
    person = SignOn.objects.filter(pk=sign_on).values("person")
    return Values(StaffRole.objects.filter(person__in=person, ended_at=None).values_list("kind"))


@compiled_for(UUID(int=1))
def _memberships_in(sign_on: UUID) -> Rows:
    person = SignOn.objects.filter(pk=sign_on).values("person")
    current = Membership.objects.filter(person__in=person, ended_at=None)
    return Rows(current.order_by("organisation__name", "id"), "organisation")


def latest_end(row: SignOn) -> datetime:
    """Return when the session ends at the latest, regardless of activity."""
    return row.begun_at + LONGEST


def seconds_left(row: SignOn | None, *, now: datetime) -> int:
    """Return the seconds left until `latest_end`; without a session, all of `LONGEST`."""
    left = latest_end(row) - now if row else LONGEST
    return max(0, int(left.total_seconds()))


def seen(row: SignOn, *, now: datetime) -> bool:
    """Record that the session is in use, at most once in `SEEN_EVERY`; return whether it did.

    Also if a clock that was ahead did so last: the session's lifetime is counted from there.
    """
    is_due = not clock.is_recent(row.seen_at, SEEN_EVERY, now=now)
    if is_due:
        SignOn.objects.filter(pk=row.pk).update(seen_at=now)
    return is_due


def renewed(row: SignOn) -> None:
    """Record that the session has got its new id."""
    SignOn.objects.filter(pk=row.pk).update(renew=False)


def sessions(person: Person, *, now: datetime) -> list[SignOn]:
    """Return the person's open sessions, most recently used first."""
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    # `seen_at` may lag behind the last use by SEEN_EVERY.
    alive = SignOn.objects.filter(
        person=person,
        ended_at=None,
        begun_at__range=clock.recently(LONGEST, now=now),
        seen_at__gt=now - idle - SEEN_EVERY,
    )
    return list(alive.order_by("-seen_at", "pk"))


def is_own(person: Person, sign_on: UUID) -> bool:
    """Whether the session, open or ended, is the person's."""
    return SignOn.objects.filter(person=person, pk=sign_on).exists()


@transaction.atomic
def leave(sign_on: str, *, actor: Actor, now: datetime) -> None:
    """Log out: end the session; does nothing if it has ended."""
    for row in SignOn.objects.select_for_update().filter(pk=sign_on, ended_at=None):
        end(row, AccountEvent.PERSON_LOGGED_OUT, actor, now)


@transaction.atomic
def end_own(person: Person, sign_on: UUID, *, actor: Actor, now: datetime) -> None:
    """End one of the person's own sessions; does nothing if it has ended."""
    for row in _open(person).filter(pk=sign_on):
        end(row, AccountEvent.PERSON_SESSION_ENDED, actor, now)


@transaction.atomic
def end_all(person: Person, *, actor: Actor, now: datetime, but: UUID | None = None) -> None:
    """End all sessions of the person, except `but`: further requests in them are anonymous."""
    for row in _open(person).exclude(pk__in=[but] if but else []):
        end(row, AccountEvent.PERSON_SESSION_ENDED, actor, now)


def renew(person: Person) -> None:
    """Mark the person's open sessions to get a new id, because the person's rights changed."""
    SignOn.objects.filter(person=person, ended_at=None).update(renew=True)


def end(row: SignOn, name: AccountEvent, actor: Actor, now: datetime) -> None:
    """End the locked session and record the event `name`."""
    row.ended_at = now
    row.save(update_fields=["ended_at"])
    events.record(name, events.Subject("person", row.person_id), actor, now)


def _open(person: Person) -> QuerySet[SignOn]:
    return SignOn.objects.select_for_update().filter(person=person, ended_at=None)
