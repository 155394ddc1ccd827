"""The code that proves a shared mailbox: what it is, and whether it is still valid."""

from datetime import datetime, timedelta

from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.web import tokens

LASTS = timedelta(minutes=30)


def is_waiting(application: Application, now: datetime) -> bool:
    """Return whether a mailed code is still valid."""
    until = application.certified_email_code_until
    if application.certified_email_code is None or until is None:
        return False
    return clock.is_recent(until - LASTS, LASTS, now=now) and now < until


def digits(application: Application) -> str:
    """Return the digits of the mailed code.

    They are an HMAC of the code's key and the address under Django's SECRET_KEY, so the digits
    themselves are not stored.
    """
    secret = f"{application.certified_email_code}:{application.certified_email}"
    return tokens.digits("applications.mailbox_code", secret)
