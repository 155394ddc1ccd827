"""Pages of a long list by the key of the row at their edge: none is counted, and none skipped.

The database begins where the page begins, however far down the list that is, if it has an index of
the list's order.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.http import HttpRequest

type Key = dict[str, Callable[[str], Any]]
"""The columns or annotations that a list is ordered by, the last unique; how an address is read."""

MOST_COUNTED = 1_000
"""A longer list is said to have more than this; counting all its rows would take long."""
_LARGEST = 2**63 - 1
_LONGEST = 500
LAST = "last"


@dataclass(frozen=True, slots=True)
class Page[Row]:
    """Some rows of a list, and the values of `page` that lead to those before and after them.

    Shown with `components/pages.html`.
    """

    rows: Sequence[Row]
    previous: str = ""
    next: str = ""

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""
        return iter(self.rows)


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a list has; `is_more`: more than `number`, which is `MOST_COUNTED` then."""

    number: int
    is_more: bool = False

    @classmethod
    def up_to(cls, number: int) -> "Count":
        """Return the count of a list as it is said: up to `MOST_COUNTED`."""
        return cls(min(number, MOST_COUNTED), number > MOST_COUNTED)


MORE = Count(MOST_COUNTED, is_more=True)


def page_of[Row: Model](
    found: QuerySet[Row], request: HttpRequest, key: Key, *, most: int, newest: bool = False
) -> Page[Row]:
    """Return the page that the address asks for, else the first; `newest`: in descending order.

    An address that cannot be read leads to the first page, and so does one after whose key nothing
    is left.
    """
    asked = request.GET.get("page", "")
    back, edge = asked == LAST or asked.startswith("-"), _read(asked, key)
    if asked != LAST and edge is None:
        return _page(found, key, None, most, newest, back=False)
    shown = _page(found, key, edge, most, newest, back=back)
    if back and not shown.previous and asked != LAST:  # the first page is shown whole
        return _page(found, key, None, most, newest, back=False)
    return shown if shown.rows else _page(found, key, None, most, newest, back=False)


def count(found: QuerySet[Any]) -> Count:
    """Return how many rows there are, counted up to `MOST_COUNTED`."""
    return Count.up_to(found.order_by()[: MOST_COUNTED + 1].count())


def walk[Row: Model](
    found: QuerySet[Row], key: Key, *, most: int, newest: bool = False
) -> Iterator[list[Row]]:
    """Yield all rows in the order of the key, so many at a time, each time with a query.

    None is held for longer, and the database holds nothing between them.
    """
    edge: list[Any] | None = None
    while rows := _page(found, key, edge, most, newest, back=False).rows:
        yield list(rows)
        edge = [getattr(rows[-1], name) for name in key]


def before_of(request: HttpRequest) -> int | None:
    """Return the number before which the page begins; None for the first page.

    Shown with `components/older.html`.
    """
    given = request.GET.get("before", "")
    is_number = given.isascii() and given.isdecimal() and len(given) < 20
    return min(int(given), _LARGEST) if is_number else None


def _page[Row: Model](
    found: QuerySet[Row], key: Key, edge: list[Any] | None, most: int, newest: bool, *, back: bool
) -> Page[Row]:
    down = newest is not back
    if edge is not None:
        found = found.filter(Beyond(key, edge, "<" if down else ">"))
    rows = list(found.order_by(*(f"-{name}" if down else name for name in key))[: most + 1])
    is_more, rows = len(rows) > most, rows[:most]
    if back:
        rows.reverse()
    is_before, is_after = (is_more, edge is not None) if back else (edge is not None, is_more)
    return Page(
        rows,
        previous=f"-{_written(rows[0], key)}" if rows and is_before else "",
        next=_written(rows[-1], key) if rows and is_after else "",
    )


class Beyond(Func):
    """Whether a row comes before (`<`) or after (`>`) an edge, as PostgreSQL compares rows."""

    output_field = BooleanField()

    def __init__(self, names: Iterable[str], edge: Sequence[Any], sign: str) -> None:
        """Compare the columns or annotations with the edge's values."""
        self.sign = sign
        super().__init__(*(F(name) for name in names), *(Value(value) for value in edge))

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_more: Any) -> Any:
        """Return the comparison of two rows."""
        parts = [compiler.compile(one) for one in self.get_source_expressions()]
        half = len(parts) // 2
        own, edge = (", ".join(sql for sql, _ in some) for some in (parts[:half], parts[half:]))
        return f"({own}) {self.sign} ({edge})", [value for _, given in parts for value in given]


def _written(row: Model, key: Key) -> str:
    values = [getattr(row, name) for name in key]
    told = json.dumps(
        [one.isoformat() if hasattr(one, "isoformat") else str(one) for one in values]
    )
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _read(asked: str, key: Key) -> list[Any] | None:
    """Return the values that an address holds, or None if it holds none of this list."""
    text = asked.removeprefix("-")[:_LONGEST]
    try:
        given = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not all(isinstance(one, str) and one.isprintable() for one in given):
            return None  # PostgreSQL takes neither NUL nor half a character
        return [_taken(read(one)) for read, one in zip(key.values(), given, strict=True)]
    except (ValueError, TypeError, OverflowError):
        return None


def _taken(value: Any) -> Any:
    """Return a value as PostgreSQL takes it: of a moment, not every offset that Python knows."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a moment without an offset")
    return value.astimezone(UTC)
