"""Second factors: adding, proving, removing and resetting them."""

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.factors import codes, passkeys
from accounts.models import Person, User
from accounts.services import sessions
from certportal.foundation import events, limits, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.models import Event

Kind = Authenticator.Type
MOST_FAILURES = 10
PER = timedelta(minutes=15)
USED = "used_step"
ADDED = "second_factor.added"


class NotProven(Refused):
    """The code or the passkey is not the login's own, or has been used already."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The code is not right, or it has been used already."))


class LastFactor(Refused):
    """Whoever reviews or administers keeps a second factor."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _("This is your only second factor. Add another one before you remove it.")
        )


def factors(login: User) -> QuerySet[Authenticator]:
    """Return the login's app and passkeys, the oldest first; recovery codes are no factor."""
    own = Authenticator.objects.filter(user=login).exclude(type=Kind.RECOVERY_CODES)
    ordered: QuerySet[Authenticator] = own.order_by("created_at", "pk")
    return ordered


def recovery(login: User) -> RecoveryCodes | None:
    """Return the login's recovery codes, if there are any."""
    row = Authenticator.objects.filter(user=login, type=Kind.RECOVERY_CODES).first()
    return RecoveryCodes(row) if row else None


def add_app(login: User, secret: str, code: str, *, actor: Actor, now: datetime) -> None:
    """Let the app that holds the secret be the login's, in place of an earlier one.

    The code shows that the app works; it counts as used. Raises NotProven and TooMany.
    """
    step = codes.matching_step(secret, code, after=0, now=now)

    def add() -> str | None:
        if step is None:
            return None
        Authenticator.objects.filter(user=login, type=Kind.TOTP).delete()
        made = TOTP.activate(login, secret).instance
        made.data[USED] = step
        made.save(update_fields=["data"])
        return str(Kind.TOTP)

    _tried(login, add, ADDED, actor, now)


def add_passkey(
    login: User, credential: passkeys.Credential, *, actor: Actor, now: datetime
) -> None:
    """Let the passkey, made for the session's challenge, be one of the login's.

    Raises NotProven and TooMany.
    """

    def add() -> str | None:
        try:
            passkeys.judge_new(credential)
        except passkeys.NoPasskey:
            return None
        WebAuthn.add(login, "", credential)
        return str(Kind.WEBAUTHN)

    _tried(login, add, ADDED, actor, now)


def prove_code(login: User, code: str, *, actor: Actor, now: datetime) -> None:
    """Take the code of the login's app, or one of its recovery codes; each counts once.

    Raises NotProven and TooMany.
    """

    def prove() -> str | None:
        app = Authenticator.objects.filter(user=login, type=Kind.TOTP).first()
        if app is not None and _is_apps_code(app, code, now):
            return str(Kind.TOTP)
        spare = recovery(login)
        return str(Kind.RECOVERY_CODES) if spare and spare.validate_code(code) else None

    _tried(login, prove, "second_factor.proven", actor, now)


def prove_passkey(
    login: User, credential: passkeys.Credential, *, actor: Actor, now: datetime
) -> None:
    """Take the answer of one of the login's passkeys. Raises NotProven and TooMany."""

    def prove() -> str | None:
        try:
            used = passkeys.proven(login, credential)
        except passkeys.NoPasskey:
            return None
        used.last_used_at = now
        used.save(update_fields=["last_used_at"])
        return str(Kind.WEBAUTHN)

    _tried(login, prove, "second_factor.proven", actor, now)


def demo_code(login: User, *, now: datetime) -> str:
    """Return what the login's app shows now, for development, where test persons have no app."""
    app = Authenticator.objects.filter(user=login, type=Kind.TOTP).first()
    if settings.PORTAL_ENV != "development" or app is None:
        return ""
    # A step ahead where the present one has been used: setting up and logging in are seconds apart.
    step = max(codes.step_at(now), app.data.get(USED, 0) + 1)
    return codes.code_at(decrypt(app.data["secret"]), step)


def first_demo_code(secret: str, *, now: datetime) -> str:
    """Return what an app with the secret would show now; in development only."""
    is_demo = settings.PORTAL_ENV == "development"
    return codes.code_at(secret, codes.step_at(now)) if is_demo else ""


@transaction.atomic
def make_recovery_codes(login: User, *, actor: Actor, now: datetime) -> None:
    """Give the login new recovery codes; those of before stop working, and the person is told."""
    had, _each = Authenticator.objects.filter(user=login, type=Kind.RECOVERY_CODES).delete()
    RecoveryCodes.activate(login)
    made = _record("second_factor.codes_made", login, actor, now)
    if had:
        _tell(login, made, now)


@transaction.atomic
def remove(login: User, factor_id: int, *, actor: Actor, now: datetime) -> None:
    """Remove one of the login's factors and tell the person; one that is gone is gone.

    Raises LastFactor.
    """
    User.objects.select_for_update().get(pk=login.pk)
    found = factors(login).filter(pk=factor_id).first()
    if found is None:
        return
    if factors(login).count() == 1:
        raise LastFactor
    kind = found.type
    found.delete()
    _tell(login, _record("second_factor.removed", login, actor, now, kind=kind), now)


@transaction.atomic
def reset(person: Person, *, actor: Actor, now: datetime) -> None:
    """Remove every second factor of the person, who has lost them, and end their sessions.

    They are told. The next visit sets one up.
    """
    for login in person.logins.select_for_update():
        gone, _each = Authenticator.objects.filter(user=login).delete()
        if gone:
            _tell(login, _record("second_factor.reset", login, actor, now), now)
    sessions.end_all(person, actor=actor, now=now)


def _is_apps_code(app: Authenticator, code: str, now: datetime) -> bool:
    secret = decrypt(app.data["secret"])
    step = codes.matching_step(secret, code, after=app.data.get(USED, 0), now=now)
    if step is None:
        return False
    app.data[USED], app.last_used_at = step, now
    app.save(update_fields=["data", "last_used_at"])
    return True


def _tried(
    login: User, act: Callable[[], str | None], action: str, actor: Actor, now: datetime
) -> None:
    """Let the act name the kind of factor it accepted, one try of the login at a time.

    What it refuses is counted and on record; many failures stop further tries for a while. The
    person is told of a factor that was added.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=login.pk)
        limits.look("second_factor", str(login.pk), most=MOST_FAILURES, per=PER, now=now)
        kind = act()
        if kind is None:
            limits.spend("second_factor", str(login.pk), most=MOST_FAILURES, per=PER, now=now)
        event = _record(action, login, actor, now, refused=kind is None, kind=kind or "")
        if kind is not None and action == ADDED:
            _tell(login, event, now)
    if kind is None:
        raise NotProven


def _record(
    action: str, login: User, actor: Actor, now: datetime, *, refused: bool = False, **data: str
) -> Event:
    return events.record(
        action,
        actor=actor,
        now=now,
        object_type="login",
        object_id=login.pk,
        refused=refused,
        data=data,
    )


def _tell(login: User, event: Event, now: datetime) -> None:
    """Have the person told by mail what was done: whoever else did it cannot hide it.

    (OWASP ASVS 5.0, 6.3.7.)
    """
    person = login.person
    if person is None:
        return
    outbox.enqueue(
        "person.mail",
        now=now,
        kind="second_factor",
        id=str(event.pk),
        language=person.language,
        to=str(person.pk),
    )
