"""Keyset pagination: a page begins after the key of the last row of the page before it.

With an index in the list's order, the database finds the page directly, however far down the list
it is; rows before it are neither counted nor skipped.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.http import HttpRequest
from django.utils.formats import number_format

from certportal.foundation.database.combined_queries import Compiled, Number, read_all

type Key = dict[str, Callable[[str], Any]]
"""The columns or annotations by which a list is ordered, the last one unique, with functions that
parse their values in a URL."""

type Fill[Row: Model] = Callable[[QuerySet[Row]], QuerySet[Row]]

MOST_COUNTED = 1_000
"""Rows of a list are counted up to this number, since counting all would take long."""
_LARGEST = 2**63 - 1
_LONGEST = 2000
"""Longer than the key of any list: two names of 120 characters take 1,300 in base64 of UTF-8."""
LAST = "last"


@dataclass(frozen=True, slots=True)
class Page[Row]:
    """The rows of a page, and the values of the query parameter `page` for its neighbours.

    Shown with `components/pages.html`.
    """

    rows: Sequence[Row]
    previous: str = ""
    next: str = ""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


@dataclass(frozen=True, slots=True)
class Count:
    """The number of rows of a list; `is_more`: there are more than `number` (`MOST_COUNTED`)."""

    number: int
    is_more: bool = False

    @classmethod
    def up_to(cls, number: int) -> "Count":
        """Return the count for this number of rows, limited to `MOST_COUNTED`."""
        return cls(min(number, MOST_COUNTED), number > MOST_COUNTED)

    def __str__(self) -> str:
        """Return the number as it stands beside the name of a list."""
        return f"{number_format(self.number)}+" if self.is_more else number_format(self.number)

    def __bool__(self) -> bool:
        return self.number > 0

    def __add__(self, other: "Count") -> "Count":
        total = self.number + other.number
        is_more = self.is_more or other.is_more or total > MOST_COUNTED
        return Count(min(total, MOST_COUNTED), is_more)


MORE = Count(MOST_COUNTED, is_more=True)
NONE = Count(0)


def page_of[Row: Model](
    found: QuerySet[Row],
    request: HttpRequest,
    key: Key,
    *,
    most: int,
    newest: bool = False,
    fill: Fill[Row] | None = None,
) -> Page[Row]:
    """Return the page that the query parameter `page` names, else the first.

    `most`: rows of a page. `newest`: in descending order. An invalid parameter gives the first
    page, and so does a key after which there are no rows. `fill`: adds to a query of rows what the
    page shows of each. The rows of the page are then found by a query of its own, for a list that
    has to be sorted: what is shown is not read of all its rows.
    """

    def page(edge: list[Any] | None, *, back: bool) -> Page[Row]:
        return _page(found, key, edge, most, newest, back=back, fill=fill)

    asked = request.GET.get("page", "")
    back, edge = asked == LAST or asked.startswith("-"), _read(asked, key)
    if asked != LAST and edge is None:
        return page(None, back=False)
    shown = page(edge, back=back)
    if back and not shown.previous and asked != LAST:  # going back may end in a partial first page
        return page(None, back=False)
    return shown if shown.rows else page(None, back=False)


def count(found: QuerySet[Any]) -> Count:
    """Return the number of rows, counted up to `MOST_COUNTED`."""
    return Count.up_to(found.order_by()[: MOST_COUNTED + 1].count())


def bounded(found: QuerySet[Any]) -> Number:
    """Return the query for the number of rows, counted up to `MOST_COUNTED` and one more."""
    return Number(found, MOST_COUNTED + 1)


def counts(lists: Mapping[str, Number | Compiled]) -> dict[str, Count]:
    """Return the number of rows of each list by its name, by one statement."""
    found = read_all(*lists.values())
    return {name: Count.up_to(sum(number)) for name, number in zip(lists, found, strict=True)}


def walk[Row: Model](
    found: QuerySet[Row], key: Key, *, most: int, newest: bool = False
) -> Iterator[list[Row]]:
    """Yield all rows in the order of the key, in lists of `most` rows, each by its own query.

    Neither this process nor the database (by a cursor) holds more than one list.
    """
    edge: list[Any] | None = None
    while rows := _page(found, key, edge, most, newest, back=False).rows:
        yield list(rows)
        edge = [getattr(rows[-1], name) for name in key]


def before_of(request: HttpRequest) -> int | None:
    """Return the query parameter `before`, below which the page begins; None for the first page.

    Shown with `components/older.html`.
    """
    given = request.GET.get("before", "")
    is_number = given.isascii() and given.isdecimal() and len(given) < 20
    return min(int(given), _LARGEST) if is_number else None


def _page[Row: Model](
    found: QuerySet[Row],
    key: Key,
    edge: list[Any] | None,
    most: int,
    newest: bool,
    *,
    back: bool,
    fill: Fill[Row] | None = None,
) -> Page[Row]:
    down = newest is not back
    if edge is not None:
        found = found.filter(Beyond(key, edge, "<" if down else ">"))
    listed = found.order_by(*(f"-{name}" if down else name for name in key))[: most + 1]
    rows = _filled(listed, key, fill) if fill else list(listed)
    is_more, rows = len(rows) > most, rows[:most]
    if back:
        rows.reverse()
    is_before, is_after = (is_more, edge is not None) if back else (edge is not None, is_more)
    return Page(
        rows,
        previous=f"-{_written(rows[0], key)}" if rows and is_before else "",
        next=_written(rows[-1], key) if rows and is_after else "",
    )


def _filled[Row: Model](listed: QuerySet[Row], key: Key, fill: Fill[Row]) -> list[Row]:
    """Return the rows of the list filled, each with the values of its key."""
    keys = list(listed.values_list("pk", *key))
    wanted = listed.model._default_manager.filter(pk__in=[pk for pk, *_ in keys])
    rows = {row.pk: row for row in fill(wanted)}
    for pk, *values in keys:
        for name, value in zip(key, values, strict=True):
            setattr(rows[pk], name, value)
    return [rows[pk] for pk, *_ in keys]


class Beyond(Func):
    """The condition that a row's key is before (`<`) or after (`>`) another: a row comparison."""

    output_field = BooleanField()

    def __init__(self, names: Iterable[str], edge: Sequence[Any], sign: str) -> None:
        """Compare the columns or annotations with the edge's values."""
        self.sign = sign
        super().__init__(*(F(name) for name in names), *(Value(value) for value in edge))

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_more: Any) -> Any:
        """Return the comparison of two rows."""
        parts = [compiler.compile(each) for each in self.get_source_expressions()]
        half = len(parts) // 2
        own, edge = (", ".join(sql for sql, _ in side) for side in (parts[:half], parts[half:]))
        return f"({own}) {self.sign} ({edge})", [value for _, given in parts for value in given]


def _written(row: Model, key: Key) -> str:
    """Return the row's key for a URL: base64url of a JSON list."""
    values = [getattr(row, name) for name in key]
    encoded = json.dumps(
        [value.isoformat() if hasattr(value, "isoformat") else str(value) for value in values],
        ensure_ascii=False,  # \uXXXX would take up to six times as long
    )
    return base64.urlsafe_b64encode(encoded.encode()).decode().rstrip("=")


def _read(asked: str, key: Key) -> list[Any] | None:
    """Parse a key from a URL; None if it is not a key of this list."""
    text = asked.removeprefix("-")[:_LONGEST]
    try:
        given = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not all(isinstance(value, str) and _is_storable(value) for value in given):
            return None
        return [_in_utc(read(value)) for read, value in zip(key.values(), given, strict=True)]
    except (ValueError, TypeError, OverflowError):
        return None


def _is_storable(text: str) -> bool:
    """Return whether PostgreSQL accepts the text, which has neither NUL nor lone surrogates."""
    return not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text)


def _in_utc(value: Any) -> Any:
    """Convert a datetime to UTC, since PostgreSQL does not accept every offset that Python does."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a time without an offset")
    return value.astimezone(UTC)
