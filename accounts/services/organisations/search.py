"""Public search of the register, rate-limited so that it is not used to copy the register."""

from datetime import datetime, timedelta

from accounts.register.lookup.search import search_units
from accounts.register.models import RegisterRecord
from certportal.foundation import clock
from certportal.foundation.web import limits

# The page searches while a person types: at most a few searches a second, with pauses.
MOST = 240
PER = timedelta(minutes=1)


def search_for_visitor(
    query: str, *, within: str = "", limit: int, address: str, now: datetime
) -> list[RegisterRecord]:
    """Return at most `limit` units that match the query, best first.

    `within`: a business ID to search within; empty for all. Raises TooMany after `MOST` searches
    within `PER` from one network address.
    """
    limits.spend_from("register_search", address, most=MOST, per=PER, now=now)
    if not query.strip():
        return []
    return search_units(query, business_id=within or None, on=clock.day(now), limit=limit)
