"""Verifying an e-mail address by a code that is mailed to it and typed in."""

import hmac
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.models import EmailCode, Invitation, Person
from accounts.services import mailing
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.text.mail_addresses import address_mark, mailbox
from certportal.foundation.web import limits, tokens

LASTS = timedelta(minutes=15)
MOST_TRIES = 5
MOST_CODES_AN_HOUR = 5
MOST_CODES_AN_HOUR_FROM = 100


class WrongCode(Refused):
    message = _("The code is wrong or has expired. Check it, or ask for a new code.")


def ask_code(person: Person, email: str, *, language: str, actor: Actor, now: datetime) -> None:
    """Mail a new code to the address, invalidate the earlier one and store the chosen language.

    Raises TooMany after `MOST_CODES_AN_HOUR` codes.
    """
    _spend(actor, now)
    with transaction.atomic():
        locked = Person.objects.select_for_update().get(pk=person.pk)
        code = _make(locked, email, None, now)
        locked.language = language
        locked.save(update_fields=["language"])
        events.record(AccountEvent.PERSON_EMAIL_CODE_ASKED, locked, actor, now)
        mailing.enqueue("email_code", code, language=language, now=now)


def ask_code_for(invitation: Invitation, person: Person, *, actor: Actor, now: datetime) -> None:
    """Mail a code to the invited address, for the person who opened the invitation's link.

    Raises TooMany after `MOST_CODES_AN_HOUR` codes.
    """
    _spend(actor, now)
    with transaction.atomic():
        locked = Person.objects.select_for_update().get(pk=person.pk)
        code = _make(locked, invitation.email, invitation, now)
        events.record(AccountEvent.INVITATION_CODE_ASKED, invitation, actor, now)
        mailing.enqueue("invitation_code", code, language=invitation.language, now=now)


def try_code(
    person: Person, typed: str, *, invitation: Invitation | None = None, now: datetime
) -> EmailCode | None:
    """Use up and return the person's open code for this purpose if `typed` is its digits.

    Otherwise return None and count the failed try; the code is invalid after `MOST_TRIES` tries.
    """
    with transaction.atomic():
        found = EmailCode.objects.select_for_update().filter(person=person, ended_at=None)
        code = found.filter(invitation=invitation).first()
        return code if code is not None and _try(code, typed, now) else None


def confirm(person: Person, typed: str, *, actor: Actor, now: datetime) -> None:
    """Make the address the person's own if the code is right, and notify the former address.

    Raises WrongCode, after the failed try has been counted and committed.
    """
    with transaction.atomic():
        # In the sequence of `ask_code`. Another request may have changed the address.
        locked = Person.objects.select_for_update()
        person.refresh_from_db(fields=["email", "former_addresses"], from_queryset=locked)
        code = try_code(person, typed, now=now)
        if code is not None:
            if person.email and mailbox(person.email) != mailbox(code.email):
                _tell_former(person, code, now)
            _note_addresses(person, code)
            person.email, person.email_verified_at = code.email, now
            person.save(update_fields=["email", "email_verified_at", "former_addresses"])
            events.record(AccountEvent.PERSON_EMAIL_VERIFIED, person, actor, now)
    if code is None:
        raise WrongCode


def pending(
    person: Person, *, invitation: Invitation | None = None, now: datetime
) -> EmailCode | None:
    """Return the person's valid code for this purpose, or None."""
    valid = Q(expires_at__gt=now, made_at__lte=now + clock.MAY_DIFFER, ended_at=None)
    return EmailCode.objects.filter(valid, person=person, invitation=invitation).first()


def digits(code: EmailCode) -> str:
    """Return the digits of the code, derived from its key and the service's secret key."""
    return tokens.digits("accounts.email_code", str(code.pk))


def _spend(actor: Actor, now: datetime) -> None:
    limits.spend_by(
        "email_code",
        actor,
        most=MOST_CODES_AN_HOUR,
        most_from=MOST_CODES_AN_HOUR_FROM,
        per=timedelta(hours=1),
        now=now,
    )


def _make(person: Person, address: str, invitation: Invitation | None, now: datetime) -> EmailCode:
    """Create a code and end the earlier one: a person has one open code (caller holds the lock)."""
    EmailCode.objects.filter(person=person, ended_at=None).update(ended_at=now)
    return EmailCode.objects.create(
        person=person, email=address, invitation=invitation, made_at=now, expires_at=now + LASTS
    )


def _try(code: EmailCode, typed: str, now: datetime) -> bool:
    code.tries += 1
    valid = clock.is_recent(code.made_at, LASTS, now=now) and now < code.expires_at
    right = valid and hmac.compare_digest(digits(code).encode(), typed.encode())
    if right or code.tries >= MOST_TRIES:
        code.ended_at = now
    code.save(update_fields=["tries", "ended_at"])
    return right


def _note_addresses(person: Person, code: EmailCode) -> None:
    """Add the former address and the new one to those by which the person is known in orders."""
    marks = (address_mark(address) for address in (person.email, code.email) if address)
    person.former_addresses = list(dict.fromkeys([*person.former_addresses, *marks]))


def _tell_former(person: Person, code: EmailCode, now: datetime) -> None:
    """Notify the former address, which gets no other mail from now on."""
    code.replaced = person.email
    code.save(update_fields=["replaced"])
    mailing.enqueue("address_changed", code, language=person.language, now=now)
