"""Whether an organisation can apply, asked before anybody logs in; the registers are public."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.register import queries
from certportal.foundation import clock, limits

# People ask of one organisation or a few; nobody copies the registers through here.
MOST = 60
PER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the registers say: the name, how many units are valid, whether an intermediary."""

    business_id: str
    name: str
    units: int
    intermediary: bool


def ask_for_visitor(business_id: str, *, address: str, now: datetime) -> Answer:
    """Look the organisation up today, for somebody unknown.

    Raises TooMany after ``MOST`` questions in ``PER`` from one network address.
    """
    limits.spend_from("eligibility", address, most=MOST, per=PER, now=now)
    return ask(business_id, on=clock.day(now))


def ask(business_id: str, *, on: date) -> Answer:
    """Look the organisation up on the day ``on``; ``business_id`` is in its usual form."""
    units = queries.find_units(business_id, on=on)
    intermediary = queries.find_intermediary(business_id, on)
    standing = intermediary is not None and intermediary.is_standing(on)
    named = units[0] if units else intermediary
    return Answer(business_id, named.long_name if named else "", len(units), standing)
