"""Other people's events, so many that the planner has to choose its indexes."""

import re

from django.db import connection
from django.db.models import QuerySet

from certportal.foundation.models import Event

MANY = 20_000


def insert_many() -> None:
    """Insert events of others, and let PostgreSQL know how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO foundation_event (at, actor, action, object_type, object_id, refused,"
            " data, request_id) SELECT now(), 'person:' || n, 'other.act', 'other', n, false,"
            " '{}', '' FROM generate_series(1, %s) AS n",
            [MANY],
        )
        cursor.execute("ANALYZE foundation_event")


def indexes_of(found: QuerySet[Event, int]) -> set[str]:
    """Return the indexes that these events are found by, none of which is that of all numbers."""
    plan = found.explain()
    assert "Seq Scan" not in plan, plan
    names = set(re.findall(r"(?:Scan using|Scan Backward using|Index Scan on) (\w+)", plan))
    assert names, plan
    assert "foundation_event_pkey" not in names, plan
    return names
