"""Reads rows by their keys, and those of relations, by statements that are compiled once.

What Django reads at the first use of an attribute (`order.submission`, `order.host_names.all()`) it
compiles anew each time, which takes several times as long as the database needs.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, UUIDField
from django.db.transaction import TransactionManagementError

from certportal.foundation.database.combined_queries import (
    Compiled,
    Rows,
    Wanted,
    compiled_for,
    first,
)
from certportal.foundation.database.prepared_statements import Among


def by_key[M: Model](model: type[M], *beside: str, lock: bool = False) -> Callable[[Any], M | None]:
    """Return a function that reads a row by its primary key, None without one; compiled once.

    `beside`: as for `Rows`. `lock`: lock the row until the end of the transaction; outside one, the
    function raises TransactionManagementError.
    """
    key_field = model._meta.pk
    rows = model._default_manager.select_for_update() if lock else model._default_manager.all()
    row = compiled_for(_stand_in(model))(lambda key: Rows(rows.filter(pk=key), *beside))

    def read(key: Any) -> M | None:
        if lock and not connection.in_atomic_block:
            raise TransactionManagementError("a row is locked only in a transaction")
        found: M | None = first(row(key_field.to_python(key)).alone())
        return found

    return read


def _stand_in(model: type[Model]) -> Any:
    """Return a value of the type of the model's primary keys."""
    return UUID(int=1) if isinstance(model._meta.pk, UUIDField) else -1


def related_row(owner: Model, name: str) -> Any:
    """Return the row to which a foreign key of the owner refers, or None.

    It is read if need be, and kept at the owner, as Django does.
    """
    relation: Any = owner._meta.get_field(name)
    key = getattr(owner, relation.attname)
    if key is not None and not relation.is_cached(owner):
        relation.set_cached_value(owner, _by_key_of(relation.related_model)(key))
    return getattr(owner, name)


@functools.cache
def _by_key_of[M: Model](model: type[M]) -> Callable[[Any], M | None]:
    return by_key(model)


def parts(owner: Model, name: str, *beside: str) -> Wanted:
    """Return the query for the rows of a related manager, filled as by `prefetch_related`."""
    asked = _parts_of(type(owner), name, beside)(owner.pk)
    return Wanted(asked, lambda found: hand_over([owner], name, found))


def parts_of_each(owners: Iterable[Model], name: str) -> Iterator[Wanted]:
    """Yield the query for these rows of all owners that do not have them yet, if there are any."""
    filled = "_prefetched_objects_cache"
    without = [owner for owner in owners if name not in vars(owner).get(filled, {})]
    if without:
        asked = _parts_of_each(type(without[0]), name)([owner.pk for owner in without])
        yield Wanted(asked, lambda found: hand_over(without, name, found))


def rows_of(owner: Model, name: str) -> list[Any]:
    """Return the rows of a related manager, which a statement compiled once reads if need be."""
    if name in vars(owner).get("_prefetched_objects_cache", {}):
        return list(getattr(owner, name).all())
    found = _parts_of(type(owner), name, ())(owner.pk).alone()
    for row in found:
        setattr(row, getattr(owner, name).field.name, owner)
    return found


@functools.cache
def _parts_of(owner: type[Model], name: str, beside: tuple[str, ...]) -> Callable[[Any], Compiled]:
    return compiled_for(_stand_in(owner))(
        lambda key: Rows(getattr(owner(pk=key), name).all(), *beside)
    )


@functools.cache
def _parts_of_each(owner: type[Model], name: str) -> Callable[[list[Any]], Compiled]:
    stand_in, field = _stand_in(owner), getattr(owner(), name).field
    kind, rows = "uuid" if isinstance(stand_in, UUID) else "bigint", field.model._default_manager
    return compiled_for([stand_in])(
        lambda keys: Rows(rows.filter(Among(field.attname, kind, keys)))
    )


def hand_over(owners: Sequence[Model], name: str, found: Iterable[Model]) -> None:
    """Fill each owner's related manager with its rows, in their order, as a prefetch does."""
    by_owner: dict[Any, list[Model]] = {owner.pk: [] for owner in owners}
    fields = {getattr(owner, name).field for owner in owners}
    for field, row in itertools.product(fields, found):
        by_owner.get(getattr(row, field.attname), []).append(row)
    for owner in owners:
        manager = getattr(owner, name)
        filled = manager.all()
        filled._result_cache, filled._prefetch_done = by_owner[owner.pk], True
        vars(owner).setdefault("_prefetched_objects_cache", {})[name] = filled
        for row in by_owner[owner.pk]:
            setattr(row, manager.field.name, owner)
