"""Combines several queries of the ORM into one SQL statement, or compiles one only once.

Each query keeps its joins, conditions and order. The answers are cached while the page is read
(`reading`); a service calls a `Question` outside of a reading and always queries the database. See
docs/decisions/one-statement-a-page.md.
"""

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Field, Model, QuerySet

from certportal.foundation.database.prepared_statements import Statement, type_of
from certportal.foundation.database.query_cache import asked_once, is_known, know

type Converter = Callable[[Any], Any]


class Rows:
    """A query for model instances, with related rows by foreign key as with `select_related`."""

    def __init__(self, query: QuerySet[Any], *beside: str) -> None:
        """Take a query without annotations; `beside`: paths of foreign keys, parents first."""
        self.query, self.beside = query, {each: each.rpartition("__") for each in beside}
        self.models: dict[str, Any] = {"": query.model}
        self.relations: dict[str, Any] = {}
        for path, (above, _, name) in self.beside.items():
            self.relations[path] = self.models[above]._meta.get_field(name)
            self.models[path] = self.relations[path].related_model
        self.columns = [
            f"{path}__{each.attname}".removeprefix("__") for path, each in self._fields()
        ]

    @property
    def width(self) -> int:
        return len(self.columns)

    def alone(self) -> list[Any]:
        """Return the rows by a separate statement."""
        return list(self.query.select_related(*self.beside) if self.beside else self.query)

    def statement(self) -> tuple[str, Sequence[Any], int]:
        """Return the query as SQL, its parameters, and its number of columns."""
        return *self.query.values_list(*self.columns).query.sql_with_params(), self.width

    def make(self, values: Sequence[Any]) -> Model:
        """Return the instance for one result row; `values` may continue with other columns."""
        left, instances = iter(values), dict[str, Any]()
        for path, (model, columns) in self._read_by.items():
            given = {name: _read(next(left), converters) for name, converters in columns.items()}
            exists = given[model._meta.pk.attname] is not None
            instances[path] = (
                model.from_db(connection.alias, given, given.values()) if exists else None
            )
        for path, relation in self.relations.items():
            above, row = instances[self.beside[path][0]], instances[path]
            if above is not None:
                relation.set_cached_value(above, row)
                if row is not None and relation.one_to_one:
                    relation.remote_field.set_cached_value(row, above)
        found: Model = instances[""]
        return found

    @functools.cached_property
    def _read_by(self) -> dict[str, tuple[Any, dict[str, list[Converter]]]]:
        """The model of each path, and how its columns are read: found once for all rows."""
        return {
            path: (model, {each.attname: _converters(each) for each in model._meta.concrete_fields})
            for path, model in self.models.items()
        }

    def _fields(self) -> "Iterator[tuple[str, Field[Any, Any]]]":
        for path, model in self.models.items():
            yield from ((path, each) for each in model._meta.concrete_fields)


def _converters(field: "Field[Any, Any]") -> list[Converter]:
    """Return the functions that convert a value of the driver to that of the field."""
    return [
        functools.partial(_convert, convert, field.cached_col)
        for convert in field.get_db_converters(connection)
    ]


def _convert(convert: Callable[..., Any], column: Any, value: Any) -> Any:
    return convert(value, column, connection)


def _read(value: Any, converters: Sequence[Converter]) -> Any:
    for convert in converters:
        value = convert(value)
    return value


class Values:
    """A query of `values_list` with `width` columns, or a union of such queries."""

    def __init__(self, query: QuerySet[Any, Any], width: int = 1) -> None:
        """Take a query whose columns need no conversion by the ORM."""
        self.query, self.width = query, width

    def make(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return the tuple for one result row; `values` may continue with other columns."""
        return tuple(values[: self.width])

    def alone(self) -> list[Any]:
        """Return the tuples by a separate statement."""
        return list(self.query)

    def statement(self) -> tuple[str, Sequence[Any], int]:
        """Return the query as SQL, its parameters, and its number of columns."""
        return *self.query.query.sql_with_params(), self.width


class Number:
    """A query for the number of rows of another, counted up to `most` if it is given."""

    width = 1

    def __init__(self, query: QuerySet[Any, Any], most: int | None = None) -> None:
        self.query = query.order_by().values("pk")[:most]

    def make(self, values: Sequence[Any]) -> int:
        """Return the number; `values` may continue with other columns."""
        return int(values[0])

    def alone(self) -> list[int]:
        """Return the number by a separate statement."""
        return [self.query.count()]

    def statement(self) -> tuple[str, Sequence[Any], int]:
        """Return the query as SQL, its parameters, and its number of columns."""
        rows, parameters = self.query.query.sql_with_params()
        return f"SELECT count(*) FROM ({rows}) AS counted", parameters, 1  # noqa: S608


class Compiled:
    """A query that was compiled before, with the parameters of this call (`compiled_for`)."""

    def __init__(
        self, asked: Rows | Values | Number, sql: Statement, parameters: Sequence[Any]
    ) -> None:
        """Take the query as it was compiled, with the parameters to run it with."""
        self.make, self._sql, self._parameters = asked.make, sql, parameters
        self._width = asked.width

    def alone(self) -> list[Any]:
        """Return the rows by a separate statement."""
        return [self.make(values) for values in _found(self._sql, self._parameters)]

    def statement(self) -> tuple[Statement, Sequence[Any], int]:
        """Return the query as SQL, its parameters, and its number of columns."""
        return self._sql, self._parameters, self._width


def compiled_for[*Ts](
    *stand_ins: *Ts,
) -> Callable[[Callable[[*Ts], Rows | Values | Number]], Callable[[*Ts], Compiled]]:
    """Decorate a function that describes a query, which Django then compiles once in a process.

    For frequent queries, which take Django several times as long to compile as PostgreSQL to run.
    It is compiled for the stand-ins: values of the arguments' types, different from each other and
    from all other parameters. A call puts its arguments in their places, so nothing but parameters
    may depend on them. The first call compiles the query for its own arguments too, and raises
    ValueError if that gives another statement. PostgreSQL plans it once in a connection.
    """

    def decorate(describe: Callable[[*Ts], Rows | Values | Number]) -> Callable[[*Ts], Compiled]:
        @functools.cache
        def kept() -> tuple[Rows | Values | Number, Statement, list[int]]:
            asked = describe(*stand_ins)
            sql, parameters, _ = asked.statement()
            positions = [stand_ins.index(each) for each in parameters if each in stand_ins]
            changing = [each in stand_ins for each in parameters]
            types = [type_of(stand_ins[each]) for each in positions]
            return asked, Statement(_with_constants(sql, parameters, changing), types), positions

        is_checked = False

        @functools.wraps(describe)
        def ask(*args: *Ts) -> Compiled:
            nonlocal is_checked
            asked, sql, positions = kept()
            given = [args[each] for each in positions]
            if not is_checked:
                if _written(sql, given) != _written(*describe(*args).statement()[:2]):
                    raise ValueError("more than parameters depends on the arguments")
                is_checked = True
            return Compiled(asked, sql, given)

        return ask

    return decorate


def _with_constants(sql: str, parameters: Sequence[Any], changing: Sequence[bool]) -> str:
    """Return the statement with the parameters that never change written into it."""
    left = iter(zip(parameters, changing, strict=True))

    def written(place: re.Match[str]) -> str:
        if place[0] == "%%":
            return "%%"
        parameter, is_changing = next(left)
        return "%s" if is_changing else _written("%s", [parameter]).decode().replace("%", "%%")

    return re.sub("%[s%]", written, sql)


def _written(sql: str, parameters: Sequence[Any]) -> bytes:
    """Return the statement with its parameters, as the driver sends it."""
    with connection.cursor() as cursor:
        return bytes(cursor.mogrify(sql, parameters))


def _found(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement, sent as it is written while statements are logged."""
    with connection.cursor() as cursor:
        cursor.execute(str(sql) if connection.queries_logged else sql, parameters)
        return list(cursor.fetchall())


type Asked = Rows | Values | Number | Compiled
type Asks[R] = tuple[Asked, Callable[[list[Any]], R]]
"""A query, and a function that makes the answer from the rows found."""


def first(found: list[Any]) -> Any:
    return next(iter(found), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query for `ask_together`, a callback for its rows, and whether the answer is cached."""

    asked: Asked
    give: Callable[[list[Any]], None]
    known: bool = False


class Question[**P, R]:
    """Decorator for a function answered by one query, cached inside `one_reading`.

    Calling it runs the query alone; `of` returns it for `ask_together`.
    """

    def __init__(self, describe: Callable[P, Asks[R]]) -> None:
        """Take the function that returns the query and the function that makes the answer."""

        def alone(*args: P.args, **kwargs: P.kwargs) -> R:
            asked, make = describe(*args, **kwargs)
            return make(asked.alone())

        functools.update_wrapper(self, describe)
        self._describe, self._ask = describe, asked_once(alone)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._ask(*args, **kwargs)

    def know(self, answer: R, *args: P.args, **kwargs: P.kwargs) -> None:
        """Put an answer that was read in another way into the cache."""
        know(self._ask, answer, *args, **kwargs)

    def of_each(self, calls: Iterable[tuple[Any, ...]]) -> None:
        """Answer it for each of these arguments by one statement; its query is compiled once."""
        ask: Any = self._ask
        unknown = [each for each in dict.fromkeys(calls) if not is_known(ask, *each)]
        described: list[Asks[R]] = [cast(Any, self._describe)(*each) for each in unknown]
        rows = read_each([cast(Compiled, asked) for asked, _make in described])
        for each, (_asked, make), found in zip(unknown, described, rows, strict=True):
            know(ask, make(found), *each)

    def of(self, *args: P.args, **kwargs: P.kwargs) -> Wanted:
        """Return the question for `ask_together`."""
        asked, make = self._describe(*args, **kwargs)
        known = is_known(self._ask, *args, **kwargs)
        return Wanted(asked, lambda found: self.know(make(found), *args, **kwargs), known)


def ask_together(*wanted: Wanted) -> None:
    """Run the queries whose answers are not cached in one statement, and pass on their rows."""
    unknown = [each for each in wanted if not each.known]
    for each, found in zip(unknown, read_all(*(each.asked for each in unknown)), strict=True):
        each.give(found)


def read_all(*asked: Asked) -> list[list[Any]]:
    """Return the rows of each query, by one statement.

    The queries are numbered from 0; PostgreSQL runs each only for the row with its number.
    """
    if len(asked) == 1:
        return [asked[0].alone()]
    joined, begins, parameters, width = dict[int, str](), dict[int, int](), list[Any](), 1
    queries = list[str]()
    for number, each in enumerate(asked):
        try:
            query, given, columns = each.statement()
        except EmptyResultSet:
            continue
        joined[number], begins[number] = _joined(number, query, columns), width
        parameters += given
        queries.append(query)
        width += 1 + columns
    found: list[list[Any]] = [[] for _ in asked]
    for number, *values in _rows(len(asked), joined, queries, parameters):
        begin = begins.get(number, 0)
        if begin and values[begin - 1] is not None:  # the row's position in its query
            found[number].append(values[begin - 1 :])
    return [
        [each.make(values[1:]) for values in sorted(rows, key=lambda values: values[0])]
        for each, rows in zip(asked, found, strict=True)
    ]


def read_each(asked: Sequence[Compiled]) -> list[list[Any]]:
    """Return the rows of one compiled query for the parameters of each, by one statement."""
    if not asked:
        return []
    sql, given, width = asked[0].statement()
    places = iter(f"part.given{number}" for number in range(len(given)))
    query = re.sub("%s", lambda _place: next(places), sql)
    names = ", ".join(f"c{each}" for each in range(width))
    lists = ", ".join(f"%s::{_of_list(kind)}" for kind in sql.types)
    columns = ", ".join(f"given{number}" for number in range(len(given)))
    statement = (
        f"SELECT part.number, found.* FROM unnest({lists})"  # noqa: S608
        f" WITH ORDINALITY AS part ({columns}, number) CROSS JOIN LATERAL"
        f" (SELECT row_number() OVER () AS at, asked.* FROM ({query}) AS asked ({names})) AS found"
        " ORDER BY part.number, found.at"
    )
    calls = (each.statement()[1] for each in asked)
    parameters = [list(column) for column in zip(*calls, strict=True)]
    rows: list[list[Any]] = [[] for _ in asked]
    for number, _at, *values in _found(Statement(statement, map(_of_list, sql.types)), parameters):
        rows[number - 1].append(asked[0].make(values))
    return rows


def _of_list(kind: str) -> str:
    return f"{'text' if kind == 'unknown' else kind}[]"


def _joined(number: int, query: str, columns: int) -> str:
    # The inner condition prevents the query from running for other rows; the outer one prevents the
    # planner from multiplying the estimates of the queries. The columns pass the joins as one: each
    # join lists those of the joins below, which took as long as planning all queries.
    names = ", ".join(f"c{each}" for each in range(columns))
    return (
        f"LEFT JOIN LATERAL (SELECT row_number() OVER () AS at, asked{number}"  # noqa: S608
        f" FROM ({query}) AS asked{number} ({names})"
        f" WHERE part.number = {number}) AS p{number} ON part.number = {number}"
    )


def _rows(
    amount: int, joined: Mapping[int, str], queries: Iterable[str], parameters: Sequence[Any]
) -> Iterable[tuple[Any, ...]]:
    if not joined:
        return ()
    shown = ", ".join(f"p{number}.at, (p{number}.asked{number}).*" for number in joined)
    numbers = f"generate_series(0, {amount - 1}) AS part (number)"
    statement = f"SELECT part.number, {shown} FROM {numbers} {' '.join(joined.values())}"  # noqa: S608
    compiled = [each for each in queries if isinstance(each, Statement)]
    if len(compiled) == len(joined):
        statement = Statement(statement, itertools.chain(*(each.types for each in compiled)))
    return _found(statement, parameters)
