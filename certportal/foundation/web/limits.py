"""Limits: how often one subject may do one thing within a window of time."""

import math
from datetime import datetime, timedelta

from django.db import connection
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from certportal.foundation.actors import Actor
from certportal.foundation.addresses import neighbourhood
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Tally

STATEMENT = """
INSERT INTO foundation_tally (scope, subject, "window", count) VALUES (%s, %s, %s, 1)
ON CONFLICT (scope, subject, "window") DO UPDATE SET count = foundation_tally.count + 1
RETURNING count
"""


def spend(scope: str, subject: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Count one use and raise TooMany when the subject has used up the window.

    `subject` (an address, an account) is stored only as a hash under the service's secret key.
    """
    start, window = _window(per, now)
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [scope, _hashed(scope, subject), window])
        (count,) = cursor.fetchone()
    if count > most:
        raise _too_many(start, per, now)


def spend_from(scope: str, address: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Count one use by whoever asks from this network address. Raises TooMany."""
    spend(scope, neighbourhood(address), most=most, per=per, now=now)


def spend_by(
    scope: str, actor: Actor, *, most: int, most_from: int, per: timedelta, now: datetime
) -> None:
    """Count one use by the actor's account, and by the address they come from. Raises TooMany.

    `most_from` is larger: a whole hospital district may come from one address.
    """
    spend(scope, str(actor), most=most, per=per, now=now)
    if actor.address:
        spend_from(f"{scope}_from", actor.address, most=most_from, per=per, now=now)


def look(scope: str, subject: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Raise TooMany when the subject has used up the window, without counting another use.

    For limits on failures: look, try, and `spend` only when the try failed.
    """
    start, window = _window(per, now)
    tally = Tally.objects.filter(scope=scope, subject=_hashed(scope, subject), window=window)
    if tally.filter(count__gte=most).exists():
        raise _too_many(start, per, now)


def _window(per: timedelta, now: datetime) -> tuple[int, datetime]:
    seconds = int(per.total_seconds())
    start = int(now.timestamp()) // seconds * seconds
    return start, datetime.fromtimestamp(start, tz=now.tzinfo)


def _hashed(scope: str, subject: str) -> str:
    return salted_hmac(f"limit.{scope}", subject, algorithm="sha256").hexdigest()


def _too_many(start: int, per: timedelta, now: datetime) -> TooMany:
    left = start + int(per.total_seconds()) - int(now.timestamp())
    return TooMany(_words(left), retry_after=left)


def _words(seconds: int) -> str:
    if seconds < 2 * 60:
        return _("You have tried too many times. Wait a moment and try again.")
    if seconds < 2 * 3600:
        minutes = math.ceil(seconds / 60)
        words = _("You have tried too many times. Try again in %(minutes)d minutes.")
        return words % {"minutes": minutes}
    hours = math.ceil(seconds / 3600)
    return _("You have tried too many times. Try again in %(hours)d hours.") % {"hours": hours}
