"""Limits: how often one subject may do one thing within a window of time."""

import hashlib
from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import TooMany

STATEMENT = """
INSERT INTO foundation_tally (scope, subject, "window", count) VALUES (%s, %s, %s, 1)
ON CONFLICT (scope, subject, "window") DO UPDATE SET count = foundation_tally.count + 1
RETURNING count
"""


def spend(scope: str, subject: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Count one use and raise TooMany when the subject has used up the window.

    `subject` (an address, an account) is stored as a hash only.
    """
    seconds = int(per.total_seconds())
    start = int(now.timestamp()) // seconds * seconds
    window = datetime.fromtimestamp(start, tz=now.tzinfo)
    hashed = hashlib.sha256(f"{scope}:{subject}".encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [scope, hashed, window])
        (count,) = cursor.fetchone()
    if count > most:
        left = start + seconds - int(now.timestamp())
        raise TooMany(
            _("You have tried too many times. Wait a moment and try again."),
            retry_after=left,
        )
