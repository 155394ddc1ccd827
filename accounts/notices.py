"""The mails of this app, each written by one function in its reader's language."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import EmailCode
from accounts.services import email
from certportal.foundation.mail import Message


def write(*, kind: str, id: str, language: str, now: datetime) -> Message | None:
    """Return the mail of this kind about the object with this key, or None if it has lapsed."""
    with translation.override(language):
        return KINDS[kind](id, language, now)


def email_code(code_id: str, language: str, now: datetime) -> Message | None:
    """Return the mail that carries a code to the address being verified."""
    code = EmailCode.objects.filter(pk=code_id, ended_at=None, expires_at__gt=now).first()
    if code is None:
        return None
    context = {
        "code": email.digits(code),
        "until": code.expires_at,
        "address": settings.PORTAL_BASE_URL,
    }
    return Message(
        to=code.email,
        subject=_("Code to confirm your email address"),
        text=text("accounts/mail/email_code.txt", context),
        language=language,
    )


def text(template: str, context: dict[str, Any]) -> str:
    """Render a plain-text mail in the active language."""
    return render_to_string(template, context).strip() + "\n"


KINDS: dict[str, Callable[[str, str, datetime], Message | None]] = {"email_code": email_code}
