"""The mails of this app, each written by one function in its reader's language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import recorded
from accounts.models import (
    AdministratorRequest,
    EmailCode,
    Invitation,
    JoinRequest,
    Membership,
    Person,
    Succession,
)
from accounts.services import email
from certportal.foundation.mail import Message
from certportal.foundation.models import Event

# What an event calls a kind of second factor, in words.
FACTORS: dict[str, Promise] = {
    "totp": gettext_lazy("Authenticator app"),
    "webauthn": gettext_lazy("Passkey"),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail is asked for: the key of its object, language, time, and the reader's key."""

    id: str
    language: str
    now: datetime
    to: str = ""


def write(*, kind: str, id: str, language: str, now: datetime, to: str = "") -> Message | None:
    """Return the mail of this kind about the object with this key, or None if it has lapsed.

    `to` is the key of the person who reads it, where the object does not tell.
    """
    with translation.override(language):
        return KINDS[kind](Letter(id, language, now, to))


def email_code(letter: Letter) -> Message | None:
    """Return the mail that carries a code to the address being verified."""
    code = EmailCode.objects.filter(pk=letter.id, ended_at=None, expires_at__gt=letter.now).first()
    if code is None:
        return None
    context = {
        "code": email.digits(code),
        "until": code.expires_at,
        "base": settings.PORTAL_BASE_URL,
    }
    return Message(
        to=code.email,
        subject=_("Code to confirm your email address"),
        text=text("accounts/mail/email_code.txt", context),
        language=letter.language,
    )


def invitation(letter: Letter) -> Message | None:
    """Return the invitation with its link, unless it has been used, cancelled or replaced."""
    found = Invitation.objects.select_related("organisation", "made_by").get(pk=letter.id)
    if found.state(letter.now) != Invitation.State.WAITING:
        return None
    return invitation_mail(found, letter.language)


def invitation_mail(found: Invitation, language: str) -> Message:
    """Word the invitation in the active language."""
    subject = _("Invitation to order certificates for %(name)s") % {"name": found.organisation}
    path = reverse("accounts:invitation", args=[found.token])
    return _message("invitation", found.email, subject, language, path, {"invitation": found})


def join_request(letter: Letter) -> Message | None:
    """Return the mail that tells an administrator of somebody who asks to be invited."""
    asked = JoinRequest.objects.select_related("organisation", "person").get(pk=letter.id)
    reader = Person.objects.get(pk=letter.to)
    if asked.settled_at is not None:
        return None
    return join_request_mail(asked, reader.email, letter.language)


def join_request_mail(asked: JoinRequest, address: str, language: str) -> Message:
    """Word the request in the active language."""
    subject = _("%(name)s asks for an invitation") % {"name": asked.person}
    path = reverse("accounts:invite_for", args=[asked.pk])
    return _message("join_request", address, subject, language, path, {"asked": asked})


def joined(letter: Letter) -> Message | None:
    """Return the mail that tells an administrator who has accepted an invitation."""
    known = Invitation.objects.select_related("organisation", "accepted_by").get(pk=letter.id)
    reader = Person.objects.get(pk=letter.to)
    return joined_mail(known, reader.email, letter.language)


def joined_mail(known: Invitation, address: str, language: str) -> Message:
    """Word the news in the active language."""
    subject = _("%(name)s has accepted the invitation") % {"name": known.accepted_by}
    path = reverse("accounts:members")
    return _message("joined", address, subject, language, path, {"invitation": known})


def role_changed(letter: Letter) -> Message | None:
    """Return the mail that tells a member the new role."""
    return role_changed_mail(_membership(letter.id), letter.language)


def role_changed_mail(membership: Membership, language: str) -> Message:
    """Word the new role in the active language."""
    subject = _("Your role in the customer account has changed")
    context, path = {"membership": membership}, reverse("home")
    return _message("role_changed", membership.person.email, subject, language, path, context)


def membership_ended(letter: Letter) -> Message | None:
    """Return the mail that tells a person that they were removed."""
    return membership_ended_mail(_membership(letter.id), letter.language)


def membership_ended_mail(membership: Membership, language: str) -> Message:
    """Word the end in the active language."""
    subject = _("You no longer act for %(name)s") % {"name": membership.organisation}
    context = {"membership": membership}
    return _message("membership_ended", membership.person.email, subject, language, "", context)


def member_left(letter: Letter) -> Message | None:
    """Return the mail that tells an administrator who has left the account."""
    reader = Person.objects.get(pk=letter.to)
    return member_left_mail(_membership(letter.id), reader.email, letter.language)


def member_left_mail(membership: Membership, address: str, language: str) -> Message:
    """Word the news in the active language."""
    subject = _("%(name)s has left the customer account") % {"name": membership.person}
    context, path = {"membership": membership}, reverse("accounts:members")
    return _message("member_left", address, subject, language, path, context)


def succession(letter: Letter) -> Message | None:
    """Return the mail about a hand-over to a successor."""
    known = Succession.objects.select_related("successor").get(pk=letter.id)
    return succession_mail(known, Person.objects.get(pk=letter.to).email, letter.language)


def succession_mail(known: Succession, address: str, language: str) -> Message:
    """Word the news in the active language."""
    subject = _("%(former)s continues as %(name)s") % {
        "former": known.former_name,
        "name": known.successor,
    }
    context = {"succession": known, "former_code": known.former_code, "code": known.code}
    return _message("succession", address, subject, language, reverse("home"), context)


def administrator_asked(letter: Letter) -> Message | None:
    """Return the mail that tells an administrator that somebody asks to be made one."""
    asked = _administrator_request(letter.id)
    if asked.decided_at is not None:
        return None
    reader = Person.objects.get(pk=letter.to)
    return administrator_asked_mail(asked, reader.email, letter.language)


def administrator_asked_mail(asked: AdministratorRequest, address: str, language: str) -> Message:
    """Word the request in the active language."""
    subject = _("%(name)s asks to be made an administrator") % {"name": asked.person}
    context, path = {"asked": asked}, reverse("accounts:members")
    return _message("administrator_asked", address, subject, language, path, context)


def administrator_decided(letter: Letter) -> Message | None:
    """Return the mail about the decision on such a request."""
    reader = Person.objects.get(pk=letter.to)
    asked = _administrator_request(letter.id)
    return administrator_decided_mail(asked, reader.email, letter.language)


def administrator_decided_mail(asked: AdministratorRequest, address: str, language: str) -> Message:
    """Word the decision in the active language."""
    subject = _("Decision on the administrator of %(name)s") % {"name": asked.organisation}
    context, path = {"asked": asked}, reverse("home")
    return _message("administrator_decided", address, subject, language, path, context)


def address_changed(letter: Letter) -> Message | None:
    """Return the mail that tells a person's former address that another is used."""
    code = EmailCode.objects.filter(pk=letter.id).first()
    return address_changed_mail(code, letter.language) if code else None


def address_changed_mail(code: EmailCode, language: str) -> Message:
    """Word the news in the active language; the new address is not told."""
    subject, path = _("Your email address was changed"), reverse("accounts:profile")
    return _message("address_changed", code.replaced, subject, language, path, {"code": code})


def second_factor(letter: Letter) -> Message | None:
    """Return the mail that tells a person what was done to their second factors, if they can be."""
    reader = Person.objects.get(pk=letter.to)
    if not reader.email:
        return None
    return second_factor_mail(Event.objects.get(pk=letter.id), reader.email, letter.language)


def second_factor_mail(event: Event, address: str, language: str) -> Message:
    """Word the news in the active language."""
    subject = recorded.sentence(event)
    context = {"event": event, "what": subject, "factor": FACTORS.get(event.data.get("kind", ""))}
    path = reverse("accounts:profile")
    return _message("second_factor", address, subject, language, path, context)


def text(template: str, context: dict[str, Any]) -> str:
    """Render a plain-text mail in the active language."""
    return render_to_string(template, context).strip() + "\n"


def _membership(key: str) -> Membership:
    return Membership.objects.select_related("person", "organisation").get(pk=key)


def _administrator_request(key: str) -> AdministratorRequest:
    return AdministratorRequest.objects.select_related("person", "organisation").get(pk=key)


def _message(
    kind: str, to: str, subject: str, language: str, path: str, context: dict[str, Any]
) -> Message:
    base = settings.PORTAL_BASE_URL
    body = text(f"accounts/mail/{kind}.txt", context | {"link": base + path, "base": base})
    return Message(to=to, subject=subject, text=body, language=language)


KINDS: dict[str, Callable[[Letter], Message | None]] = {
    "email_code": email_code,
    "invitation": invitation,
    "join_request": join_request,
    "joined": joined,
    "role_changed": role_changed,
    "membership_ended": membership_ended,
    "member_left": member_left,
    "succession": succession,
    "administrator_asked": administrator_asked,
    "administrator_decided": administrator_decided,
    "address_changed": address_changed,
    "second_factor": second_factor,
}
