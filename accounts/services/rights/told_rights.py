"""Compares roles, superusers and second factors with the events about them.

Events of earlier versions hold only the kind of a second factor, not its digest: of those, only the
numbers are compared. Factors of erased persons were deleted without an event of their own.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from allauth.mfa.models import Authenticator
from django.db.models import CharField, Q
from django.db.models.functions import Cast

from accounts.event_names import AccountEvent
from accounts.factors.digests import digest_of
from accounts.models import StaffRole, User
from certportal.foundation.event_log.logged_events import Told
from certportal.foundation.event_log.verifying import Kind

NAMES = (
    *[AccountEvent.STAFF_ROLE_GRANTED, AccountEvent.STAFF_ROLE_ENDED, AccountEvent.PERSON_MERGED],
    *[AccountEvent.LOGIN_MADE_SUPERUSER, AccountEvent.LOGIN_SUPERUSER_ENDED],
    *[AccountEvent.SECOND_FACTOR_ADDED, AccountEvent.SECOND_FACTOR_REMOVED],
    *[AccountEvent.SECOND_FACTOR_RESET, AccountEvent.SECOND_FACTOR_CODES_MADE],
    *[AccountEvent.SECOND_FACTOR_SEALED_ANEW, AccountEvent.PERSON_ERASED],
)
"""The events about the rows."""
_CODES = Authenticator.Type.RECOVERY_CODES


class Factor(NamedTuple):
    """A second factor according to an event; the digest is empty if the event does not have it."""

    kind: str
    digest: str
    told: Told


class _Held:
    """The roles and factors that people should have according to the events."""

    def __init__(self, told: Iterable[Told]) -> None:
        self.roles: dict[tuple[str, str], Told] = {}
        self.superusers: dict[str, Told] = {}
        self.factors: dict[str, list[Factor]] = {}
        self.erased: set[str] = set()
        for event in told:
            self._apply(event)

    def _apply(self, event: Told) -> None:
        match event.action:
            case AccountEvent.STAFF_ROLE_GRANTED:
                self.roles[event.about, _kind(event)] = event
            case AccountEvent.STAFF_ROLE_ENDED:
                self.roles.pop((event.about, _kind(event)), None)
            case AccountEvent.PERSON_MERGED:
                for person, kind in [key for key in self.roles if key[0] == event.about]:
                    role = self.roles.pop((person, kind))
                    self.roles.setdefault((str(event.data.get("into")), kind), role)
            case AccountEvent.PERSON_ERASED:
                self.erased.add(event.about)
            case AccountEvent.LOGIN_MADE_SUPERUSER:
                self.superusers[event.about] = event
            case AccountEvent.LOGIN_SUPERUSER_ENDED:
                self.superusers.pop(event.about, None)
            case AccountEvent.SECOND_FACTOR_RESET:
                self.factors.pop(event.about, None)
            case _:
                self._apply_factor(event)

    def _apply_factor(self, event: Told) -> None:
        kind = str(event.data.get("kind", _CODES))
        named = str(event.data.get("factor", ""))
        held = self.factors.setdefault(event.about, [])
        if event.action == AccountEvent.SECOND_FACTOR_REMOVED:
            _remove(held, kind, named)
            return
        if kind != Authenticator.Type.WEBAUTHN:  # a new app, codes or seal replace the former
            held[:] = [factor for factor in held if factor.kind != kind]
        held.append(Factor(kind, named, event))


def _kind(event: Told) -> str:
    return str(event.data.get("role"))


def _remove(held: list[Factor], kind: str, named: str) -> bool:
    """Remove the factor with this digest, or one without a digest; return whether there was one."""
    alike = [factor for factor in held if factor.kind == kind and factor.digest in {named, ""}]
    alike.sort(key=lambda factor: factor.digest != named)
    if alike:
        held.remove(alike[0])
    return bool(alike)


def differences(told: Iterable[Told]) -> Iterator[tuple[Kind, str]]:
    """Yield each difference: its kind, and in words what, which, who and when, as far as known."""
    held = _Held(told)
    yield from _roles(held.roles)
    yield from _superusers(held.superusers)
    yield from _factors(held)


def _roles(held: dict[tuple[str, str], Told]) -> Iterator[tuple[Kind, str]]:
    for role in StaffRole.objects.filter(ended_at=None).order_by("pk"):
        if held.pop((str(role.person_id), role.kind), None) is None:
            by = f"person:{role.granted_by_id}" if role.granted_by_id else "nobody"
            when = f"{role.granted_at:%Y-%m-%dT%H:%M:%SZ}"
            yield Kind.UNTOLD, f"role {role.kind} of person:{role.person_id}, by {by} at {when}"
    for (person, kind), event in held.items():
        yield Kind.UNDONE, f"role {kind} of person:{person}, given by {event.whom}"


def _superusers(held: dict[str, Told]) -> Iterator[tuple[Kind, str]]:
    for login in User.objects.filter(Q(is_staff=True) | Q(is_superuser=True)).order_by("pk"):
        if held.pop(str(login.pk), None) is None:
            yield Kind.UNTOLD, f"superuser's right of login {login.pk} (person:{login.person_id})"
    for login_id, event in held.items():
        yield Kind.UNDONE, f"superuser's right of login {login_id}, given by {event.whom}"


def _factors(held: _Held) -> Iterator[tuple[Kind, str]]:
    rows = Authenticator.objects.order_by("pk")
    for row in sorted(rows, key=lambda each: not _is_named(held, each)):
        if not _remove(held.factors.get(str(row.user_id), []), row.type, digest_of(row)):
            when = f"{row.created_at:%Y-%m-%dT%H:%M:%SZ}"
            yield Kind.UNTOLD, f"second factor ({row.type}) of login {row.user_id}, made at {when}"
    # As text: an event that somebody inserted may be about anything.
    logins = User.objects.annotate(key=Cast("pk", CharField())).filter(key__in=held.factors)
    persons = {key: str(person) for key, person in logins.values_list("key", "person")}
    for login, left in held.factors.items():
        for factor in left if persons.get(login) not in held.erased else ():
            yield (
                Kind.UNDONE,
                f"second factor ({factor.kind}) of login {login}, added by {factor.told.whom}",
            )


def _is_named(held: _Held, row: Authenticator) -> bool:
    """Whether an event has this factor's digest; such factors are matched before the others."""
    factors = held.factors.get(str(row.user_id), ())
    return any(factor.digest == digest_of(row) for factor in factors)
