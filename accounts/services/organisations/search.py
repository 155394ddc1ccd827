"""Search of the register for anybody: it is public, but nobody copies it through here."""

from datetime import datetime, timedelta

from accounts.register.models import RegisterRecord
from accounts.register.search import search_units
from certportal.foundation import clock, limits

# A person who types makes a few searches a second at most, and pauses.
MOST = 240
PER = timedelta(minutes=1)


def search_for_visitor(
    query: str, *, within: str = "", limit: int, address: str, now: datetime
) -> list[RegisterRecord]:
    """Return the units that the query means, the best first; `within` one business ID, if given.

    Raises TooMany when one address searches without end.
    """
    limits.spend_from("register_search", address, most=MOST, per=PER, now=now)
    if not query.strip():
        return []
    return search_units(query, business_id=within or None, on=clock.day(now), limit=limit)
