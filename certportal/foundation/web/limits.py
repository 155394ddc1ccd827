"""Rate limits: how often a subject may do something within a fixed time window."""

import math
from datetime import datetime, timedelta

from django.db import connection
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from certportal.foundation.actors import Actor
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Tally
from certportal.foundation.web.addresses import neighbourhood

STATEMENT = """
INSERT INTO foundation_tally (scope, subject, "window", count) VALUES (%s, %s, %s, 1)
ON CONFLICT (scope, subject, "window") DO UPDATE SET count = foundation_tally.count + 1
RETURNING count
"""


def spend(scope: str, subject: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Count one use; raise TooMany if the subject exceeds `most` uses in the window `per`.

    `subject` (an address or account) is stored only as a hash keyed with the service's secret key.
    """
    if count(scope, subject, per=per, now=now) > most:
        raise _too_many(_window(per, now)[0], per, now)


def count(scope: str, subject: str, *, per: timedelta, now: datetime) -> int:
    """Count one use and return how many there are in the window, this one among them."""
    window = _window(per, now)[1]
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [scope, _hashed(scope, subject), window])
        (uses,) = cursor.fetchone()
    return int(uses)


def spend_from(scope: str, address: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Count one use from this network address (see `neighbourhood`). Raises TooMany."""
    spend(scope, neighbourhood(address), most=most, per=per, now=now)


def spend_by(
    scope: str, actor: Actor, *, most: int, most_from: int, per: timedelta, now: datetime
) -> None:
    """Count one use by the actor and one from their network address. Raises TooMany.

    `most_from` is larger, because a whole hospital district may share one address.
    """
    spend(scope, str(actor), most=most, per=per, now=now)
    if actor.address:
        spend_from(f"{scope}_from", actor.address, most=most_from, per=per, now=now)


def look(scope: str, subject: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Raise TooMany if the subject has used up the window, without counting a use.

    For limits on failures: call this first, and `spend` only after a failure.
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
