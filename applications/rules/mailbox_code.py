"""The code that proves a shared mailbox: what it is, and whether it is still valid."""

from datetime import datetime

from applications.models import Application
from certportal.foundation.web import tokens


def is_waiting(application: Application, now: datetime) -> bool:
    """Return whether a mailed code is still valid."""
    until = application.certified_email_code_until
    return bool(application.certified_email_code and until and now < until)


def digits(application: Application) -> str:
    """Return the digits of the mailed code.

    They are an HMAC of the code's key and the address under Django's SECRET_KEY, so the digits
    themselves are not stored.
    """
    secret = f"{application.certified_email_code}:{application.certified_email}"
    return tokens.digits("applications.mailbox_code", secret)
