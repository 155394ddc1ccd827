"""Rate limits: how often a subject may do something within a fixed time window."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from certportal.foundation.actors import Actor
from certportal.foundation.database.statements import execute
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Tally
from certportal.foundation.web.addresses import neighbourhood

STATEMENT = """
INSERT INTO foundation_tally (scope, subject, "window", count)
SELECT %s, subject, %s, %s
FROM unnest(%s::text[]) WITH ORDINALITY AS given (subject, place) ORDER BY place
ON CONFLICT (scope, subject, "window") DO UPDATE SET count = foundation_tally.count + excluded.count
RETURNING count
"""
"""Counts for several subjects, locking their rows in the order in which they are given."""


def spend(
    scope: str, subject: str, *, most: int, per: timedelta, now: datetime, uses: int = 1
) -> None:
    """Count the uses; raise TooMany if the subject exceeds `most` uses in the window `per`.

    `subject` (an address or account) is stored only as a hash keyed with the service's secret key.
    """
    spend_each(scope, [subject], most=most, per=per, now=now, uses=uses)


def spend_each(
    scope: str, subjects: Sequence[str], *, most: int, per: timedelta, now: datetime, uses: int = 1
) -> None:
    """Count the uses for each subject with one statement; raise TooMany if one exceeds `most`.

    The subjects are distinct, and always in the same order, so that of two requests that count the
    same ones, one waits for the other, and never each for the other.
    """
    start, window = _window(per, now)
    if any(counted > most for counted in _count(scope, subjects, window, uses)):
        raise _refusal(start, per, now)


def count(scope: str, subject: str, *, per: timedelta, now: datetime) -> int:
    """Count one use and return how many there are in the window, this one among them."""
    (counted,) = _count(scope, [subject], _window(per, now)[1], 1)
    return counted


@contextmanager
def undone_by(error: type[Exception]) -> Iterator[None]:
    """Take back the uses counted in the block if it raises the error, after which nothing was done.

    Only outside a transaction, which would take them back by itself.
    """
    counted: list[tuple[QuerySet[Tally], int]] = []
    before = _counted.set(counted)
    try:
        yield
    except error:
        for tallies, uses in counted:
            tallies.update(count=F("count") - uses)
        raise
    finally:
        _counted.reset(before)


_counted: ContextVar[list[tuple[QuerySet[Tally], int]] | None] = ContextVar("counted", default=None)
"""The uses counted in a block of `undone_by`."""


def _count(scope: str, subjects: Sequence[str], window: datetime, uses: int) -> list[int]:
    hashes = [_hashed(scope, subject) for subject in subjects]
    if (counted := _counted.get()) is not None:
        tallies = Tally.objects.filter(scope=scope, subject__in=hashes, window=window)
        counted.append((tallies, uses))
    return [int(counted) for (counted,) in execute(STATEMENT, [scope, window, uses, hashes])]


def spend_from(
    scope: str, address: str, *, most: int, per: timedelta, now: datetime, uses: int = 1
) -> None:
    """Count the uses from this network address (see `neighbourhood`). Raises TooMany."""
    spend(scope, neighbourhood(address), most=most, per=per, now=now, uses=uses)


def spend_by(
    scope: str,
    actor: Actor,
    *,
    most: int,
    most_from: int,
    per: timedelta,
    now: datetime,
    uses: int = 1,
) -> None:
    """Count the uses by the actor, and from their network address. Raises TooMany.

    `most_from` is larger, because a whole hospital district may share one address.
    """
    spend(scope, str(actor), most=most, per=per, now=now, uses=uses)
    if actor.address:
        spend_from(f"{scope}_from", actor.address, most=most_from, per=per, now=now, uses=uses)


def left_by(
    scope: str, actor: Actor, *, most: int, most_from: int, per: timedelta, now: datetime
) -> tuple[int, int]:
    """Return how many uses `spend_by` still allows, and in how many seconds the next window begins.

    Nothing is counted or locked, so another request may use some of them meanwhile.
    """
    left = left_of(scope, [str(actor)], most=most, per=per, now=now)
    if actor.address:
        near = [neighbourhood(actor.address)]
        left = min(left, left_of(f"{scope}_from", near, most=most_from, per=per, now=now))
    return left, _seconds_left(_window(per, now)[0], per, now)


def left_of(
    scope: str, subjects: Sequence[str], *, most: int, per: timedelta, now: datetime
) -> int:
    """Return how many uses of the window the subject who has used most of it has left.

    Nothing is counted or locked.
    """
    hashes = [_hashed(scope, subject) for subject in subjects]
    tallies = Tally.objects.filter(scope=scope, subject__in=hashes, window=_window(per, now)[1])
    return max(0, most - max(tallies.values_list("count", flat=True), default=0))


def look(scope: str, subject: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Raise TooMany if the subject has used up the window, without counting a use.

    For limits on failures: call this first, and `spend` only after a failure.
    """
    start, window = _window(per, now)
    tally = Tally.objects.filter(scope=scope, subject=_hashed(scope, subject), window=window)
    if tally.filter(count__gte=most).exists():
        raise _refusal(start, per, now)


def too_many(page: HttpResponse, refusal: TooMany) -> HttpResponse:
    """Return the page, which shows the refusal, with its status and Retry-After."""
    page.status_code = refusal.status
    page["Retry-After"] = str(refusal.retry_after)
    return page


def _window(per: timedelta, now: datetime) -> tuple[int, datetime]:
    seconds = int(per.total_seconds())
    start = int(now.timestamp()) // seconds * seconds
    return start, datetime.fromtimestamp(start, tz=now.tzinfo)


def _hashed(scope: str, subject: str) -> str:
    return salted_hmac(f"limit.{scope}", subject, algorithm="sha256").hexdigest()


def _refusal(start: int, per: timedelta, now: datetime) -> TooMany:
    left = _seconds_left(start, per, now)
    return TooMany(_words(left), retry_after=left)


def _seconds_left(start: int, per: timedelta, now: datetime) -> int:
    return start + int(per.total_seconds()) - int(now.timestamp())


def _words(seconds: int) -> str:
    if seconds < 2 * 60:
        return _("You have tried too many times. Wait a moment and try again.")
    if seconds < 2 * 3600:
        minutes = math.ceil(seconds / 60)
        words = _("You have tried too many times. Try again in %(minutes)d minutes.")
        return words % {"minutes": minutes}
    hours = math.ceil(seconds / 3600)
    return _("You have tried too many times. Try again in %(hours)d hours.") % {"hours": hours}
