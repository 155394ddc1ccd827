"""Named people, made through the real services."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import Client

from accounts.access import SECOND_FACTOR, actor_for, reads_console
from accounts.event_names import AccountEvent
from accounts.factors import app_codes
from accounts.identification.hashing import digests
from accounts.identification.identity import Identity
from accounts.middleware import SIGN_ON
from accounts.models import Invitation, Membership, Organisation, Person, SignOn, User
from accounts.services.organisations import found
from accounts.services.people import email, recognise, second_factor, sessions
from accounts.services.rights import confirm, staff_roles
from certportal.foundation import clock, events
from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Names:
    """A given name and a family name."""

    given: str
    family: str

    @classmethod
    def of(cls, name: str) -> "Names":
        given, _space, family = name.partition(" ")
        return cls(given, family or "Testinen")


def identity_of(code: str, name: str = "Matti Meikäläinen", kind: str = "hetu") -> Identity:
    """Return the identity that identification would yield for this identifier."""
    names = Names.of(name)
    return Identity(kind, digests(kind, code), names.given, names.family)


def make_login(name: str, *, language: str = "fi", now: datetime = NOW) -> User:
    """Return the login of somebody who has identified for the first time, address not given."""
    identity = identity_of(f"test:{name}", name)
    return recognise.recognise(identity, language=language, address="127.0.0.1", now=now)


def make_person(name: str, *, language: str = "fi", now: datetime = NOW) -> Person:
    """Return a person who has identified and verified an address."""
    person = make_login(name, language=language, now=now).person
    assert person is not None
    verify(person, f"{name.split()[0].lower()}@example.fi", now=now)
    return person


def verify(person: Person, address: str, *, now: datetime = NOW) -> None:
    """Verify the address with the code that was mailed to the person."""
    actor = actor_for(person)
    email.ask_code(person, address, language=person.language, actor=actor, now=now)
    email.confirm(person, code_of(person, now=now), actor=actor, now=now)
    person.refresh_from_db()


def code_of(person: Person, invitation: Invitation | None = None, *, now: datetime = NOW) -> str:
    """Return the digits of the pending code that was mailed to the person."""
    code = email.pending(person, invitation=invitation, now=now)
    assert code is not None
    return email.digits(code)


def make_founder(name: str, business_id: str, *, now: datetime = NOW, **more: Any) -> Person:
    """Return a person who has founded the account of the business ID (it must be registered)."""
    person = make_person(name, now=now, **more)
    found_account(person, business_id, now=now)
    return person


def found_account(person: Person, business_id: str, *, now: datetime = NOW) -> Organisation:
    """Create the organisation's account as the person, and confirm their right to act.

    The register must contain the business ID.
    """
    statement = found.Statement(Membership.Basis.MANDATE, "tietohallintopäällikkö")
    account = found.found(person, business_id, statement, actor=actor_for(person), now=now)
    right = account.memberships.get(person=person).pk
    confirm.confirm_right(right, note="kaupparekisteri", by=None, actor=system("test"), now=now)
    return account


def make_member(
    name: str,
    organisation: Organisation,
    *,
    role: str = Membership.Role.APPLICANT,
    now: datetime = NOW,
    **more: Any,
) -> Person:
    """Return a person who belongs to the organisation by invitation."""
    person = make_person(name, now=now, **more)
    membership = Membership.objects.create(
        person=person,
        organisation=organisation,
        role=role,
        basis=Membership.Basis.INVITATION,
        begun_at=now,
    )
    events.record(AccountEvent.MEMBERSHIP_RECORDED, membership, actor_for(person), now)
    return person


def make_reviewer(name: str, *, now: datetime = NOW, **more: Any) -> Person:
    person = make_person(name, now=now, **more)
    staff_roles.grant_reviewer(person, by=None, actor=system("test"), now=now)
    # Remove the mails to the other reviewers, which tests do not expect.
    OutboxItem.objects.filter(topic="reviewer.mail", payload__notice="role_granted").delete()
    return person


def make_auditor(name: str, *, now: datetime = NOW, **more: Any) -> Person:
    person = make_person(name, now=now, **more)
    staff_roles.grant_auditor(person, by=None, actor=system("test"), now=now)
    return person


def prove_second_factor(login: User) -> None:
    """Set up an authenticator app for the login, if it has no factor, without a pending mail."""
    if not second_factor.factors(login):
        add_app(login)
        OutboxItem.objects.filter(payload__kind="second_factor").update(done_at=clock.now())


def add_app(login: User) -> None:
    secret, now = app_codes.new_secret(), clock.now()
    code = app_codes.code_at(secret, app_codes.step_at(now))
    second_factor.add_app(login, secret, code, actor=system("test"), now=now)


def begin_session(login: User) -> SignOn:
    """Begin a session of the login, as coming back from identification does."""
    by = sessions.Client("127.0.0.1", "Firefox, Linux")
    return sessions.begin(login, None, client=by, now=clock.now())


def log_in(client: Client, person: Person) -> Client:
    """Log the client in as the person, as coming back from identification does."""
    login = person.logins.first()
    assert login is not None
    session = _begin(client, login)
    if login.is_staff or reads_console(person):
        prove_second_factor(login)
        session[SECOND_FACTOR] = clock.now().isoformat()
    _keep(client, session)
    return client


def open_session(client: Client, login: User) -> None:
    """Begin a session of the login for the client, as after an identification."""
    _keep(client, _begin(client, login))


def _begin(client: Client, login: User) -> SessionBase:
    """Return a session of the login that is not saved in full.

    Django's `force_login` makes one for nobody first, and saves each step: twice the statements.
    """
    request = HttpRequest()
    has_one = settings.SESSION_COOKIE_NAME in client.cookies
    request.session = client.session if has_one else SessionStore()
    auth.login(request, login, settings.AUTHENTICATION_BACKENDS[0])
    request.session[SIGN_ON] = {"id": str(begin_session(login).pk)}
    request.session["identified_at"] = clock.now().isoformat()
    return request.session


def _keep(client: Client, session: SessionBase) -> None:
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""


def make_superuser(name: str, *, now: datetime = NOW) -> Person:
    """Return a person who may enter the page of staff roles."""
    person = make_person(name, now=now)
    staff_roles.make_superuser(person.logins.get(), actor=system("test"), now=now)
    return person
