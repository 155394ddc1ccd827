"""Until when a reviewer may accept weak evidence (a person's word only) or a waiver.

See docs/decisions/waivers.md.
"""

from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from certportal.foundation import clock
from certportal.foundation.errors import Refused

MOST_DAYS = 365
"""The validity of a server certificate, so that weak evidence is renewed with it."""
USUAL_DAYS = 180


class EndOutOfRange(Refused):
    def __init__(self, last: date) -> None:
        day = date_format(last, "SHORT_DATE_FORMAT")
        words = _("Choose an end date that is today or later, and at most %(day)s.")
        super().__init__(words % {"day": day})


def last_day(now: datetime) -> date:
    """Return the latest end date that a reviewer may choose now."""
    return clock.day(now) + timedelta(days=MOST_DAYS)


def usual_end(now: datetime) -> date:
    """Return the end date if the reviewer chooses none."""
    return clock.day(now) + timedelta(days=USUAL_DAYS)


def require_in_range(ends_on: date, now: datetime) -> None:
    """Raise EndOutOfRange for a day in the past, or too far ahead."""
    if not clock.day(now) <= ends_on <= last_day(now):
        raise EndOutOfRange(last_day(now))
