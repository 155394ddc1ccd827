"""Second factors: adding, verifying, removing and resetting them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.factors import app_codes, passkeys
from accounts.factors.digests import digest_of
from accounts.models import Person, User
from accounts.services import mailing
from accounts.services.people import sessions
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.models import Event
from certportal.foundation.web import limits

Kind = Authenticator.Type
MOST_FAILURES = 10
PER = timedelta(minutes=15)
USED = "used_step"
COUNTER, SIGNED = "counter", "signed"
"""Of a passkey: its counter at its last answer, and the hash of what it signed then."""
ADDED = AccountEvent.SECOND_FACTOR_ADDED

log = structlog.get_logger()


class NotProven(Refused):
    message = _("The code is not right, or it has been used already.")


class UsedAlready(NotProven):
    message = _("This answer of your passkey has been used already. Use the passkey again.")


class CounterWentBack(NotProven):
    message = _(
        "The counter of your passkey is lower than before, so there may be a copy of it."
        " Nothing was confirmed. Use another second factor, remove this passkey, and tell the"
        " administrator of the service."
    )


class LastFactor(Refused):
    message = _("This is your only second factor. Add another one before you remove it.")


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A factor that proved who its holder is, and the hash of the session's challenge for it."""

    factor: Authenticator
    challenge: str = ""


def factors(login: User) -> QuerySet[Authenticator]:
    """Return the login's authenticator app and passkeys, oldest first, without recovery codes."""
    own = Authenticator.objects.filter(user=login).exclude(type=Kind.RECOVERY_CODES)
    ordered: QuerySet[Authenticator] = own.order_by("created_at", "pk")
    return ordered


def login_with_factors(person: Person, own: User) -> User:
    """Return the person's login whose factors apply: `own`, or another one with factors.

    A merged person has a login for each merged record, but needs factors on only one of them.
    """
    logins = [own, *person.logins.exclude(pk=own.pk).order_by("pk")]
    return next((each for each in logins if factors(each)), own)


def recovery(login: User) -> RecoveryCodes | None:
    """Return the login's recovery codes; None if there are none, or their seed cannot be opened."""
    row = Authenticator.objects.filter(user=login, type=Kind.RECOVERY_CODES).first()
    return RecoveryCodes(row) if row and _opened(row, "seed") else None


def add_app(login: User, secret: str, code: str, *, actor: Actor, now: datetime) -> None:
    """Register the authenticator app that holds the TOTP secret, replacing an earlier one.

    The code proves that the app works, and counts as used. Raises NotProven and TooMany.
    """
    step = app_codes.matching_step(secret, code, after=0, now=now)

    def add() -> _Accepted | None:
        if step is None:
            return None
        Authenticator.objects.filter(user=login, type=Kind.TOTP).delete()
        made: Authenticator = TOTP.activate(login, secret).instance
        made.data[USED] = step
        made.save(update_fields=["data"])
        return _Accepted(made)

    _attempt(login, add, ADDED, actor, now)


def add_passkey(
    login: User, credential: passkeys.Credential, *, actor: Actor, now: datetime
) -> None:
    """Register a passkey that was created for the session's challenge.

    Raises NotProven, UsedAlready (a NotProven) and TooMany.
    """

    def add() -> _Accepted | None:
        try:
            challenge = passkeys.check_new(credential)
        except passkeys.NoPasskey:
            return None
        _require_unused(login, challenge, now)
        return _Accepted(WebAuthn.add(login, "", credential).instance, challenge)

    _attempt(login, add, ADDED, actor, now)


def prove_code(login: User, code: str, *, actor: Actor, now: datetime) -> None:
    """Verify a code of the login's app or one of its recovery codes; each works once.

    Raises NotProven and TooMany.
    """

    def prove() -> _Accepted | None:
        app: Authenticator | None = Authenticator.objects.filter(user=login, type=Kind.TOTP).first()
        if app is not None and _accepts_app_code(app, code, now):
            return _Accepted(app)
        spare = recovery(login)
        return _Accepted(spare.instance) if spare and spare.validate_code(code) else None

    _attempt(login, prove, AccountEvent.SECOND_FACTOR_PROVEN, actor, now)


def prove_passkey(
    login: User, credential: passkeys.Credential, *, actor: Actor, now: datetime
) -> None:
    """Verify that one of the login's passkeys signed the session's challenge, for the first time.

    Raises NotProven, its kinds UsedAlready and CounterWentBack, and TooMany.
    """

    def prove() -> _Accepted | None:
        try:
            used, touch = passkeys.proven(login, credential)
        except passkeys.NoPasskey:
            return None
        _require_unused(login, touch.challenge, now)
        return _Accepted(_used(used, touch, now), touch.challenge)

    _attempt(login, prove, AccountEvent.SECOND_FACTOR_PROVEN, actor, now)


def prove_signature(
    login: User,
    signed: Callable[[bytes], bool],
    touch: Callable[[], passkeys.Touch],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Verify that one of the login's passkeys signed a challenge that is not the session's.

    `signed`: whether the passkey with this attested credential data signed it; `touch`: what the
    passkey said. The caller makes sure that what the challenge decides is decided once. Raises
    NotProven, its kinds UsedAlready and CounterWentBack, and TooMany.
    """

    def prove() -> _Accepted | None:
        for row in passkeys.rows(login):
            known = passkeys.credential_data(row)
            if known and signed(known):
                return _Accepted(_used(row, touch(), now))
        return None

    _attempt(login, prove, AccountEvent.SECOND_FACTOR_PROVEN, actor, now)


def demo_code(login: User, *, now: datetime) -> str:
    """Return the app's current code for a test person in development; elsewhere empty."""
    app = Authenticator.objects.filter(user=login, type=Kind.TOTP).first()
    if settings.PORTAL_ENV != "development" or app is None:
        return ""
    # The next time step if the current one is used: setting up and logging in are seconds apart.
    step = max(app_codes.step_at(now), app.data.get(USED, 0) + 1)
    return app_codes.code_at(decrypt(app.data["secret"]), step)


def first_demo_code(secret: str, *, now: datetime) -> str:
    """Return the current code of an app with the secret, in development; elsewhere empty."""
    is_demo = settings.PORTAL_ENV == "development"
    return app_codes.code_at(secret, app_codes.step_at(now)) if is_demo else ""


@transaction.atomic
def show_recovery_codes(login: User) -> list[str]:
    """Return the login's unused recovery codes the first time, and an empty list later."""
    lock(login)
    held = recovery(login)
    if held is None or held.did_view:
        return []
    held.mark_as_viewed()
    return list(held.get_unused_codes())


@transaction.atomic
def make_recovery_codes(login: User, *, actor: Actor, now: datetime) -> None:
    """Give the login new recovery codes. Earlier ones stop working, and the person is notified."""
    lock(login)
    had, _each = Authenticator.objects.filter(user=login, type=Kind.RECOVERY_CODES).delete()
    factor = digest_of(RecoveryCodes.activate(login).instance)
    made = events.record(AccountEvent.SECOND_FACTOR_CODES_MADE, login, actor, now, factor=factor)
    if had:
        _tell(login, made, now)


@transaction.atomic
def remove(login: User, factor_id: int, *, actor: Actor, now: datetime) -> None:
    """Remove one of the login's factors and notify the person; does nothing if it is gone.

    Raises LastFactor.
    """
    lock(login)
    found = factors(login).filter(pk=factor_id).first()
    if found is None:
        return
    if factors(login).count() == 1:
        raise LastFactor
    data = {"kind": found.type, "factor": digest_of(found)}
    found.delete()
    event = events.record(AccountEvent.SECOND_FACTOR_REMOVED, login, actor, now, **data)
    _tell(login, event, now)


@transaction.atomic
def reset(person: Person, *, actor: Actor, now: datetime) -> None:
    """Remove all second factors of a person who has lost them, and end their sessions.

    The person is notified, and sets up a new factor at the next login.
    """
    for login in person.logins.select_for_update():
        gone, _each = Authenticator.objects.filter(user=login).delete()
        if gone:
            event = events.record(AccountEvent.SECOND_FACTOR_RESET, login, actor, now)
            _tell(login, event, now)
    sessions.end_all(person, actor=actor, now=now)


def lock(login: User) -> User:
    """Lock the login: its factors are rows that are read, changed and written as a whole."""
    locked: User = User.objects.select_for_update().get(pk=login.pk)
    return locked


def _require_unused(login: User, challenge: str, now: datetime) -> None:
    """Raise UsedAlready if the login has answered this challenge of its session before.

    Call under the login's lock: requests at once have each read the session with the challenge.
    """
    subject = events.subject_of(login)
    own = Event.objects.filter(object_type=subject.type, object_id=str(subject.id))
    if own.filter(at__gt=now - sessions.LONGEST, data__challenge=challenge).exists():
        raise UsedAlready


def _used(passkey: Authenticator, touch: passkeys.Touch, now: datetime) -> Authenticator:
    """Store the use of the login's passkey, which the caller has locked.

    Raises CounterWentBack (WebAuthn 7.2, step 21), or UsedAlready for the last answer once more.
    """
    counted = passkey.data.get(COUNTER, passkeys.counter_when_made(passkey))
    if (counted or touch.counter) and touch.counter <= counted:
        if passkey.data.get(SIGNED) == touch.message:
            raise UsedAlready
        log.warning("passkey_counter_went_back", passkey=passkey.pk)
        raise CounterWentBack
    passkey.data |= {COUNTER: touch.counter, SIGNED: touch.message}
    passkey.last_used_at = now
    passkey.save(update_fields=["data", "last_used_at"])
    return passkey


def _opened(factor: Authenticator, name: str) -> str:
    """Return the secret that the row holds encrypted; empty if no secret key of the service fits.

    That key was lost, or given up after it had become known. The person then has no such factor.
    """
    try:
        secret: str = decrypt(factor.data[name])
    except InvalidToken:
        log.warning("second_factor_not_opened", kind=factor.type)
        return ""
    return secret


def _accepts_app_code(app: Authenticator, code: str, now: datetime) -> bool:
    secret = _opened(app, "secret")
    used = app.data.get(USED, 0)
    step = app_codes.matching_step(secret, code, after=used, now=now) if secret else None
    if step is None:
        return False
    app.data[USED], app.last_used_at = step, now
    app.save(update_fields=["data", "last_used_at"])
    return True


def _attempt(
    login: User,
    act: Callable[[], _Accepted | None],
    name: AccountEvent,
    actor: Actor,
    now: datetime,
) -> None:
    """Run `act` under the login's lock; it returns the factor that it accepted, or None.

    A refusal, which is None or a raised NotProven, is counted and recorded as an event before it is
    raised. Raises TooMany after `MOST_FAILURES` refusals within `PER`. The person is notified of an
    added factor.
    """
    accepted, refusal = None, NotProven()
    with transaction.atomic():
        lock(login)
        limits.look("second_factor", str(login.pk), most=MOST_FAILURES, per=PER, now=now)
        try:
            accepted = act()
        except NotProven as error:
            refusal = error
        if accepted is None:
            limits.spend("second_factor", str(login.pk), most=MOST_FAILURES, per=PER, now=now)
        data = _data_of(accepted, refusal, name)
        event = events.record(name, login, actor, now, refused=accepted is None, **data)
        if accepted is not None and name == ADDED:
            _tell(login, event, now)
    if accepted is None:
        raise refusal


def _data_of(accepted: _Accepted | None, refusal: NotProven, name: AccountEvent) -> dict[str, str]:
    if accepted is None:
        told = type(refusal) is not NotProven
        return {"kind": ""} | ({"reason": type(refusal).__name__} if told else {})
    data = {"kind": str(accepted.factor.type)}
    if accepted.challenge:
        data["challenge"] = accepted.challenge
    if name == ADDED:
        data["factor"] = digest_of(accepted.factor)
    return data


def _tell(login: User, event: Event, now: datetime) -> None:
    """Notify the person by mail, so that a change by somebody else does not go unnoticed.

    (OWASP ASVS 5.0, 6.3.7.)
    """
    if login.person is not None:
        mailing.enqueue_for([login.person], "second_factor", event, now=now)
