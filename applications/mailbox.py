"""The code that proves a shared mailbox: what it is, whether it still counts, and its mail."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import salted_hmac

from applications.mailtext import subject_and_body
from applications.models import Application
from certportal.foundation.mail import Message

DIGITS = 8


def is_waiting(application: Application, now: datetime) -> bool:
    """Return whether a code was mailed that may still be typed."""
    until = application.mailbox_code_until
    return bool(application.mailbox_code and until and now < until)


def digits(application: Application) -> str:
    """Return the eight digits of the mailed code, derived from its key and the secret key."""
    secret = f"{application.mailbox_code}:{application.certified_email}"
    value = salted_hmac("applications.mailbox_code", secret, algorithm="sha256").hexdigest()
    return f"{int(value, 16) % 10**DIGITS:0{DIGITS}}"


def message(application: Application) -> Message:
    """Return the mail that carries the code to the mailbox, in the language of the order."""
    context = {
        "application": application,
        "code": digits(application),
        "base": settings.PORTAL_BASE_URL,
    }
    with translation.override(application.language):
        text = render_to_string("applications/mail/mailbox_code.txt", context)
    subject, body = subject_and_body(text)
    return Message(
        to=application.certified_email,
        subject=f"{application.number}: {subject}",
        text=body,
        language=application.language,
    )
