"""Several questions to the database in one statement, for pages that show a thing with its parts.

Each query keeps its joins, conditions and order; PostgreSQL answers all in one round trip. What it
answers is kept while the page is read (`reading`); a service, which asks alone, reads anew.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Field, Model, QuerySet

from certportal.foundation.reading import asked_once, is_known, know


class Rows:
    """The rows of a query, each with those rows that its foreign keys `beside` name."""

    def __init__(self, query: QuerySet[Any], *beside: str) -> None:
        """Take a query that annotates nothing; `beside` names each step, the nearer one first."""
        self.query, self.beside = query, {each: each.rpartition("__") for each in beside}
        self.models: dict[str, Any] = {"": query.model}
        self.relations: dict[str, Any] = {}
        for path, (above, _, name) in self.beside.items():
            self.relations[path] = self.models[above]._meta.get_field(name)
            self.models[path] = self.relations[path].related_model
        self.columns = [
            f"{path}__{each.attname}".removeprefix("__") for path, each in self._fields()
        ]

    def alone(self) -> list[Any]:
        """Return the rows by a statement of their own."""
        return list(self.query.select_related(*self.beside) if self.beside else self.query)

    def statement(self) -> tuple[str, Sequence[Any], int]:
        """Return the query as SQL, its parameters, and how many columns it has."""
        return *self.query.values_list(*self.columns).query.sql_with_params(), len(self.columns)

    def make(self, values: Sequence[Any]) -> Model:
        """Return a row as the ORM makes it, of values that begin with its own."""
        left, made = iter(values), dict[str, Any]()
        for path, model in self.models.items():
            given = {each.attname: _read(each, next(left)) for each in model._meta.concrete_fields}
            is_there = given[model._meta.pk.attname] is not None
            made[path] = (
                model.from_db(connection.alias, given, given.values()) if is_there else None
            )
        for path, relation in self.relations.items():
            above, row = made[self.beside[path][0]], made[path]
            if above is not None:
                relation.set_cached_value(above, row)
                if row is not None and relation.one_to_one:
                    relation.remote_field.set_cached_value(row, above)
        found: Model = made[""]
        return found

    def _fields(self) -> "Iterator[tuple[str, Field[Any, Any]]]":
        for path, model in self.models.items():
            yield from ((path, each) for each in model._meta.concrete_fields)


def _read(field: "Field[Any, Any]", value: Any) -> Any:
    for convert in field.get_db_converters(connection):
        value = convert(value, field.cached_col, connection)
    return value


class Values:
    """The tuples of so many columns that a query of `values_list` finds, also a union."""

    def __init__(self, query: QuerySet[Any, Any], width: int = 1) -> None:
        """Take columns that PostgreSQL gives as they are wanted."""
        self.query, self.width = query, width

    def make(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return a row as the ORM makes it, of values that begin with its own."""
        return tuple(values[: self.width])

    def alone(self) -> list[Any]:
        """Return the tuples by a statement of their own."""
        return list(self.query)

    def statement(self) -> tuple[str, Sequence[Any], int]:
        """Return the query as SQL, its parameters, and how many columns it has."""
        return *self.query.query.sql_with_params(), self.width


type Asked = Rows | Values
type Asks[R] = tuple[Asked, Callable[[list[Any]], R]]
"""What is asked, and how the answer is made of what is found."""


def first(found: list[Any]) -> Any:
    """Return the first of what was found, or None."""
    return next(iter(found), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked beside other things, and who is given what was found."""

    asked: Asked
    give: Callable[[list[Any]], None]
    known: bool = False


class Question[**P, R]:
    """A function that takes one query, and is answered once while one page is read."""

    def __init__(self, describe: Callable[P, Asks[R]]) -> None:
        """Take the function that tells the query, and how the answer is made of what it finds."""

        def alone(*args: P.args, **kwargs: P.kwargs) -> R:
            asked, make = describe(*args, **kwargs)
            return make(asked.alone())

        functools.update_wrapper(self, describe)
        self._describe, self._ask = describe, asked_once(alone)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the answer."""
        return self._ask(*args, **kwargs)

    def know(self, answer: R, *args: P.args, **kwargs: P.kwargs) -> None:
        """Keep an answer that was read already while one page is read."""
        know(self._ask, answer, *args, **kwargs)

    def of(self, *args: P.args, **kwargs: P.kwargs) -> Wanted:
        """Return the question for `ask_together`."""
        asked, make = self._describe(*args, **kwargs)
        known = is_known(self._ask, *args, **kwargs)
        return Wanted(asked, lambda found: self.know(make(found), *args, **kwargs), known)


def parts(owner: Model, name: str, *beside: str) -> Wanted:
    """Return the question for the rows of a related manager, as a prefetch gives them to it."""
    asked = Rows(getattr(owner, name).all(), *beside)
    return Wanted(asked, lambda found: hand_over([owner], name, found))


def hand_over(owners: Sequence[Model], name: str, found: Iterable[Model]) -> None:
    """Give each owner's related manager its own of these rows, in their order."""
    mine: dict[Any, list[Model]] = {owner.pk: [] for owner in owners}
    fields = {getattr(owner, name).field for owner in owners}
    for field, one in product(fields, found):
        mine.get(getattr(one, field.attname), []).append(one)
    for owner in owners:
        manager = getattr(owner, name)
        kept = manager.all()
        kept._result_cache, kept._prefetch_done = mine[owner.pk], True
        vars(owner).setdefault("_prefetched_objects_cache", {})[name] = kept
        for one in mine[owner.pk]:
            setattr(one, manager.field.name, owner)


def ask_together(*wanted: Wanted) -> None:
    """Ask in one statement what is not known yet."""
    asked = [one for one in wanted if not one.known]
    for one, found in zip(asked, read_all(*(one.asked for one in asked)), strict=True):
        one.give(found)


def read_all(*asked: Asked) -> list[list[Any]]:
    """Return what each finds, in one statement.

    PostgreSQL runs each joined query for the row of its number alone.
    """
    joined, begins, parameters, width = dict[int, str](), dict[int, int](), list[Any](), 1
    for number, one in enumerate(asked):
        try:
            query, given, columns = one.statement()
        except EmptyResultSet:
            continue
        joined[number], begins[number] = _joined(number, query, columns), width
        parameters += given
        width += 1 + columns
    found: list[list[Any]] = [[] for _ in asked]
    for number, *values in _rows(len(asked), joined, parameters):
        begin = begins.get(number, 0)
        if begin and values[begin - 1] is not None:  # the place among its own
            found[number].append(values[begin - 1 :])
    return [
        [one.make(values[1:]) for values in sorted(rows, key=lambda values: values[0])]
        for one, rows in zip(asked, found, strict=True)
    ]


def _joined(number: int, query: str, columns: int) -> str:
    # Inside, the condition keeps the query from running for other rows; outside, it keeps the
    # planner from multiplying what it expects of each.
    names = ", ".join(f"c{each}" for each in range(columns))
    return (
        f"LEFT JOIN LATERAL (SELECT row_number() OVER (), {names} FROM ({query})"  # noqa: S608
        f" AS asked ({names}) WHERE part.number = {number}) AS p{number} ON part.number = {number}"
    )


def _rows(
    many: int, joined: Mapping[int, str], parameters: Sequence[Any]
) -> Iterable[tuple[Any, ...]]:
    if not joined:
        return ()
    shown = ", ".join(f"p{number}.*" for number in joined)
    numbers = f"generate_series(0, {many - 1}) AS part (number)"
    statement = f"SELECT part.number, {shown} FROM {numbers} {' '.join(joined.values())}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
