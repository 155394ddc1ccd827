"""Verifying an e-mail address: a code is mailed to it and typed back."""

import hmac
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models import EmailCode, Person
from certportal.foundation import events, limits, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused

DIGITS = 8
LASTS = timedelta(minutes=15)
MOST_TRIES = 5
MOST_CODES_AN_HOUR = 5
MOST_CODES_AN_HOUR_FROM = 100


class WrongCode(Refused):
    """The code is not the one that was mailed, or it no longer counts."""


def ask_code(person: Person, email: str, *, language: str, actor: Actor, now: datetime) -> None:
    """Mail a fresh code to the address and end the earlier one; keep the person's language.

    Raises TooMany after a few codes within an hour.
    """
    limits.spend_by(
        "email_code",
        actor,
        most=MOST_CODES_AN_HOUR,
        most_from=MOST_CODES_AN_HOUR_FROM,
        per=timedelta(hours=1),
        now=now,
    )
    with transaction.atomic():
        locked = Person.objects.select_for_update().get(pk=person.pk)
        EmailCode.objects.filter(person=locked, ended_at=None).update(ended_at=now)
        code = EmailCode.objects.create(
            person=locked, email=email, made_at=now, expires_at=now + LASTS
        )
        locked.language = language
        locked.save(update_fields=["language"])
        events.record(
            "person.email_code_asked",
            actor=actor,
            now=now,
            object_type="person",
            object_id=locked.pk,
        )
        outbox.enqueue(
            "person.mail", now=now, kind="email_code", id=str(code.pk), language=language
        )


def confirm(person: Person, typed: str, *, actor: Actor, now: datetime) -> None:
    """Take the address into use when the code is right, and tell the former one. Raises WrongCode.

    A wrong try is counted and stays counted; after MOST_TRIES the code is dead.
    """
    with transaction.atomic():
        code = EmailCode.objects.select_for_update().filter(person=person, ended_at=None).first()
        right = code is not None and _try(code, typed, now)
        if code is not None and right:
            _take_into_use(person, code, actor, now)
    if not right:
        raise WrongCode(_("The code is wrong or has expired. Check it, or ask for a new code."))


def pending(person: Person, *, now: datetime) -> EmailCode | None:
    """Return the code the person has been mailed and may still type, if there is one."""
    return EmailCode.objects.filter(person=person, ended_at=None, expires_at__gt=now).first()


def digits(code: EmailCode) -> str:
    """Return the eight digits of the code, derived from its key and the service's secret key."""
    value = salted_hmac("accounts.email_code", str(code.pk), algorithm="sha256").hexdigest()
    return f"{int(value, 16) % 10**DIGITS:0{DIGITS}}"


def _try(code: EmailCode, typed: str, now: datetime) -> bool:
    code.tries += 1
    right = now < code.expires_at and hmac.compare_digest(digits(code).encode(), typed.encode())
    if right or code.tries >= MOST_TRIES:
        code.ended_at = now
    code.save(update_fields=["tries", "ended_at"])
    return right


def _take_into_use(person: Person, code: EmailCode, actor: Actor, now: datetime) -> None:
    if person.email and person.email.lower() != code.email.lower():
        _tell_former(person, code, now)
    person.email, person.email_verified_at = code.email, now
    person.save(update_fields=["email", "email_verified_at"])
    events.record(
        "person.email_verified",
        actor=actor,
        now=now,
        object_type="person",
        object_id=person.pk,
    )


def _tell_former(person: Person, code: EmailCode, now: datetime) -> None:
    """Mail the address in use so far: all other mail goes past it from now on."""
    code.replaced = person.email
    code.save(update_fields=["replaced"])
    key, language = str(code.pk), person.language
    outbox.enqueue("person.mail", now=now, kind="address_changed", id=key, language=language)
