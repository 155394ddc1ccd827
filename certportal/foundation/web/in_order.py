"""Several queries as one list for a paginator, which reads only the rows of a page."""

from collections.abc import Sequence
from functools import cached_property
from typing import overload

from django.db.models import Model, QuerySet


class InOrder[M: Model](Sequence[M]):
    """The rows of the first query, then those of the next, and so on."""

    def __init__(self, *queries: "QuerySet[M]") -> None:
        """Take sorted queries that have no row in common."""
        self._queries = queries

    def __len__(self) -> int:
        return sum(self._numbers)

    @overload
    def __getitem__(self, index: int) -> M: ...

    @overload
    def __getitem__(self, index: slice) -> list[M]: ...

    def __getitem__(self, index: int | slice) -> M | list[M]:
        """Return a row or a list of rows, by one statement for each query that has some of them."""
        if isinstance(index, int):
            place = range(len(self))[index]
            return self[place : place + 1][0]
        begin, end, _step = index.indices(len(self))
        found = list[M]()
        for query, number in zip(self._queries, self._numbers, strict=True):
            if max(begin, 0) < min(end, number):
                found += query[max(begin, 0) : min(end, number)]
            begin, end = begin - number, end - number
        return found

    @cached_property
    def _numbers(self) -> list[int]:
        return [query.count() for query in self._queries]
