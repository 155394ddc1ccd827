"""Whether an organisation can apply, asked before anybody logs in; the registers are public."""

from dataclasses import dataclass
from datetime import date

from accounts.register import queries


@dataclass(frozen=True, slots=True)
class Answer:
    """What the registers say: the name, how many units are valid, whether an intermediary."""

    business_id: str
    name: str
    units: int
    intermediary: bool


def ask(business_id: str, *, on: date) -> Answer:
    """Look the organisation up on the day ``on``; ``business_id`` is in its usual form."""
    units = queries.find_units(business_id, on=on)
    intermediary = queries.find_intermediary(business_id, on)
    standing = intermediary is not None and intermediary.is_standing(on)
    named = units[0] if units else intermediary
    return Answer(business_id, named.long_name if named else "", len(units), standing)
