"""Second factors: adding, verifying, removing and resetting them."""

from collections.abc import Callable
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
ADDED = AccountEvent.SECOND_FACTOR_ADDED

log = structlog.get_logger()


class NotProven(Refused):
    message = _("The code is not right, or it has been used already.")


class LastFactor(Refused):
    message = _("This is your only second factor. Add another one before you remove it.")


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

    def add() -> Authenticator | None:
        if step is None:
            return None
        Authenticator.objects.filter(user=login, type=Kind.TOTP).delete()
        made: Authenticator = TOTP.activate(login, secret).instance
        made.data[USED] = step
        made.save(update_fields=["data"])
        return made

    _attempt(login, add, ADDED, actor, now)


def add_passkey(
    login: User, credential: passkeys.Credential, *, actor: Actor, now: datetime
) -> None:
    """Register a passkey that was created for the session's challenge.

    Raises NotProven and TooMany.
    """

    def add() -> Authenticator | None:
        try:
            passkeys.check_new(credential)
        except passkeys.NoPasskey:
            return None
        made: Authenticator = WebAuthn.add(login, "", credential).instance
        return made

    _attempt(login, add, ADDED, actor, now)


def prove_code(login: User, code: str, *, actor: Actor, now: datetime) -> None:
    """Verify a code of the login's app or one of its recovery codes; each works once.

    Raises NotProven and TooMany.
    """

    def prove() -> Authenticator | None:
        app: Authenticator | None = Authenticator.objects.filter(user=login, type=Kind.TOTP).first()
        if app is not None and _accepts_app_code(app, code, now):
            return app
        spare = recovery(login)
        return spare.instance if spare and spare.validate_code(code) else None

    _attempt(login, prove, AccountEvent.SECOND_FACTOR_PROVEN, actor, now)


def prove_passkey(
    login: User, credential: passkeys.Credential, *, actor: Actor, now: datetime
) -> None:
    """Verify the assertion of one of the login's passkeys. Raises NotProven and TooMany."""

    def prove() -> Authenticator | None:
        try:
            used = passkeys.proven(login, credential)
        except passkeys.NoPasskey:
            return None
        return _used(used, now)

    _attempt(login, prove, AccountEvent.SECOND_FACTOR_PROVEN, actor, now)


def prove_signature(
    login: User, signed: Callable[[bytes], bool], *, actor: Actor, now: datetime
) -> None:
    """Verify that one of the login's passkeys signed a challenge that is not the session's.

    `signed`: whether the passkey with this attested credential data signed it. Raises NotProven and
    TooMany.
    """

    def prove() -> Authenticator | None:
        for row in passkeys.rows(login):
            known = passkeys.credential_data(row)
            if known and signed(known):
                return _used(row, now)
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
    _lock(login)
    held = recovery(login)
    if held is None or held.did_view:
        return []
    held.mark_as_viewed()
    return list(held.get_unused_codes())


@transaction.atomic
def make_recovery_codes(login: User, *, actor: Actor, now: datetime) -> None:
    """Give the login new recovery codes. Earlier ones stop working, and the person is notified."""
    _lock(login)
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
    _lock(login)
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


def _lock(login: User) -> None:
    """Lock the login: its factors are rows that are read, changed and written as a whole."""
    User.objects.select_for_update().get(pk=login.pk)


def _used(passkey: Authenticator, now: datetime) -> Authenticator:
    passkey.last_used_at = now
    passkey.save(update_fields=["last_used_at"])
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
    act: Callable[[], Authenticator | None],
    name: AccountEvent,
    actor: Actor,
    now: datetime,
) -> None:
    """Run `act` under the login's lock; it returns the factor that it accepted, or None.

    A refusal is counted and recorded as an event before NotProven is raised. Raises TooMany after
    `MOST_FAILURES` refusals within `PER`. The person is notified of an added factor.
    """
    with transaction.atomic():
        _lock(login)
        limits.look("second_factor", str(login.pk), most=MOST_FAILURES, per=PER, now=now)
        factor = act()
        if factor is None:
            limits.spend("second_factor", str(login.pk), most=MOST_FAILURES, per=PER, now=now)
        data = {"kind": str(factor.type) if factor else ""}
        if factor is not None and name == ADDED:
            data["factor"] = digest_of(factor)
        event = events.record(name, login, actor, now, refused=factor is None, **data)
        if factor is not None and name == ADDED:
            _tell(login, event, now)
    if factor is None:
        raise NotProven


def _tell(login: User, event: Event, now: datetime) -> None:
    """Notify the person by mail, so that a change by somebody else does not go unnoticed.

    (OWASP ASVS 5.0, 6.3.7.)
    """
    if login.person is not None:
        mailing.enqueue_for([login.person], "second_factor", event, now=now)
