"""Public check whether an organisation can apply, by the public registers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.register.lookup import queries
from certportal.foundation import clock
from certportal.foundation.web import limits

# Enough for a few organisations, too little for copying the registers.
MOST = 60
PER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Answer:
    """The registers' data: name, number of valid units, and whether it is an intermediary."""

    business_id: str
    name: str
    units: int
    intermediary: bool


def ask_for_visitor(business_id: str, *, address: str, now: datetime) -> Answer:
    """Look up the organisation today, for an anonymous visitor.

    Raises TooMany after ``MOST`` lookups in ``PER`` from one network address.
    """
    limits.spend_from("eligibility", address, most=MOST, per=PER, now=now)
    return ask(business_id, on=clock.day(now))


def ask(business_id: str, *, on: date) -> Answer:
    """Look up the organisation on the day ``on``; ``business_id`` is normalised (1234567-8)."""
    units = queries.find_units(business_id, on=on)
    intermediary = queries.find_intermediary(business_id, on)
    is_intermediary = intermediary is not None and intermediary.is_standing(on)
    record = units[0] if units else intermediary
    return Answer(business_id, record.long_name if record else "", len(units), is_intermediary)
