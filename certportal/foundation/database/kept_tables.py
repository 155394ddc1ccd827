"""Kept tables: PostgreSQL triggers refuse to change, delete or truncate what must be preserved.

Each model declares beside its columns how its table is kept: ``keeping = Kept(...)``, or
``Ordinary("why")`` for a table whose rows may change and be deleted. `after_migrate` creates a
trigger function for each kept table from the declaration; a column that it does not name never
changes. See docs/decisions/kept-tables.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import AppConfig, apps
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

type Model = type[models.Model]

ORDINARY_APPS = frozenset({"account", "auth", "contenttypes", "mfa", "sessions"})
"""Third-party apps, with logins, factors and sessions; their models have no declaration."""

ALWAYS = "true"
"""For `Kept.deletable`: rows may be deleted at the end of retention, but not changed."""

_ROWS, _TABLE = "kept_rows", "kept_table"
# pg_trigger.tgtype bits: row, before, delete, update; for the table: before, truncate.
_TYPES = {_ROWS: 1 | 2 | 8 | 16, _TABLE: 2 | 32}


@dataclass(frozen=True, slots=True)
class Ordinary:
    """A table without protection; `why` tells why its rows are not evidence."""

    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A table that cannot be truncated, whose rows stay, and whose columns change only as declared.

    `changing`: columns that may change at any time; `until_closed`: until the SQL condition
    `closed` holds; `once`: from empty (null, "", false) to a value, which is then final; `moves`:
    only between the listed pairs (old, new) of values.
    `erased`: columns that may become empty ("", null, {}, []) when personal data is erased;
    `rewritten`: that may become anything then; both only if the SQL condition `erasable` holds.
    `fixed` can be given instead of `changing`: then all other columns may change.
    `deletable`: SQL condition for rows that may be deleted; `refused`: for updates that are refused
    in addition. Conditions refer to OLD, the row before; `refused` may also refer to NEW.
    """

    changing: Sequence[str] = ()
    fixed: Sequence[str] = ()
    until_closed: Sequence[str] = ()
    closed: str = ""
    once: Sequence[str] = ()
    moves: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    erased: Sequence[str] = ()
    rewritten: Sequence[str] = ()
    erasable: str = ALWAYS
    deletable: str = ""
    refused: str = ""


def keeping(model: Model) -> Kept | Ordinary | None:
    """Return the model's declaration, or None if it has none."""
    if model._meta.app_label in ORDINARY_APPS:
        return Ordinary("of another's app")
    if model._meta.auto_created:  # a many-to-many table: its rows are only inserted
        return Kept()
    declared = model.__dict__.get("keeping")
    return declared if isinstance(declared, Kept | Ordinary) else None


def every_model(config: AppConfig | None = None) -> list[Model]:
    """Return the models that have a table, including many-to-many tables."""
    found = (config or apps).get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def body(model: Model, kept: Kept) -> str:
    """Return the body of the model's trigger function, in PL/pgSQL."""
    by_name = {field.name: field for field in model._meta.concrete_fields}
    refusals = "".join(
        f"    IF {condition} THEN\n        RAISE EXCEPTION '% is kept as it is: {what}',"
        f" TG_TABLE_NAME;\n    END IF;\n"
        for what, condition in _refusals(kept, by_name)
    )
    return f"""
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION '% is kept as it is: it is never truncated', TG_TABLE_NAME;
    ELSIF TG_OP = 'DELETE' THEN
        IF {kept.deletable or "false"} THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION '% is kept as it is: the row stays', TG_TABLE_NAME;
    END IF;
{refusals}    RETURN NEW;
END """


def _refusals(
    kept: Kept, by_name: Mapping[str, "models.Field[Any, Any]"]
) -> Iterator[tuple[str, str]]:
    """Yield the reasons to refuse an update: text and SQL condition. Raises ValueError."""
    named = {*kept.until_closed, *kept.once, *kept.moves, *kept.erased, *kept.rewritten}
    free = {*by_name} - {*kept.fixed} if kept.fixed else {*kept.changing}
    unknown = (named | free | {*kept.fixed}) - {*by_name}
    if unknown:
        raise ValueError(f"no such columns: {', '.join(sorted(unknown))}")
    if fixed := [column for name, column in by_name.items() if name not in named | free]:
        yield "these columns never change", _changed(fixed)
    for name in by_name:
        if name in named:
            yield name, f"{_changed([by_name[name]])} AND NOT ({_allowed(kept, by_name[name])})"
    if kept.refused:
        yield "such a change is refused", kept.refused


def _changed(columns: Iterable["models.Field[Any, Any]"]) -> str:
    names = [field.column for field in columns]
    old, new = (", ".join(f'{row}."{name}"' for name in names) for row in ("OLD", "NEW"))
    return f"ROW({old}) IS DISTINCT FROM ROW({new})"


def _allowed(kept: Kept, field: "models.Field[Any, Any]") -> str:
    """Return the SQL condition under which this column may change."""
    conditions = []
    if field.name in kept.until_closed:
        conditions.append(f"NOT ({kept.closed})")
    if field.name in kept.once:
        conditions.append(_empty("OLD", field))
    if field.name in kept.moves:
        pairs = ", ".join(f"('{before}', '{after}')" for before, after in kept.moves[field.name])
        conditions.append(f'(OLD."{field.column}", NEW."{field.column}") IN ({pairs})')
    if field.name in kept.erased:
        conditions.append(f"({_empty('NEW', field)} AND {kept.erasable})")
    if field.name in kept.rewritten:
        conditions.append(kept.erasable)
    return " OR ".join(conditions)


_EMPTY = {
    "CharField": "''",
    "TextField": "''",
    "FileField": "''",
    "BinaryField": "''::bytea",
    "BooleanField": "false",
    "JSONField": "'{}'::jsonb, '[]'::jsonb",
    "ArrayField": "'{}'",
}


def _empty(row: str, field: "models.Field[Any, Any]") -> str:
    column, values = f'{row}."{field.column}"', _EMPTY.get(field.get_internal_type())
    return f"({column} IS NULL OR {column} IN ({values}))" if values else f"{column} IS NULL"


def after_migrate(sender: AppConfig, using: str, **given: Any) -> None:
    """Create the triggers of one app's tables; receiver of the signal `post_migrate`.

    `flush` sends the signal too, but without a plan, and changes no table. A trigger that is up to
    date is not replaced, because that would wait for every transaction on the table.
    """
    if "plan" not in given:
        return
    connection = connections[using]
    columns = _columns(connection)
    for model in every_model(sender):
        table = model._meta.db_table
        # After a migration to an earlier state, a table may lack columns that the model has.
        if {field.column for field in model._meta.concrete_fields} <= columns.get(table, set()):
            _make(connection, model)


def _make(connection: BaseDatabaseWrapper, model: Model) -> None:
    if is_kept_as_said(connection, model):
        return
    table, name = model._meta.db_table, f"{model._meta.db_table}_kept"
    kept = keeping(model)
    with connection.cursor() as cursor:
        if not isinstance(kept, Kept):
            cursor.execute(f'DROP FUNCTION IF EXISTS "{name}" CASCADE')
            return
        cursor.execute(
            f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql'
            f" AS $kept${body(model, kept)}$kept$"
        )
        for trigger, when in (
            (_ROWS, f'BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW'),
            (_TABLE, f'BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT'),
        ):
            cursor.execute(
                f'CREATE OR REPLACE TRIGGER {trigger} {when} EXECUTE FUNCTION "{name}"()'
            )


def is_kept_as_said(connection: BaseDatabaseWrapper, model: Model) -> bool:
    """Return whether the table's triggers match the model's declaration."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT trigger.tgname, trigger.tgtype, trigger.tgenabled, function.prosrc"
            " FROM pg_trigger trigger JOIN pg_proc function ON function.oid = trigger.tgfoid"
            " WHERE trigger.tgrelid = to_regclass(%s) AND trigger.tgname = ANY(%s)",
            [f'"{model._meta.db_table}"', [*_TYPES]],
        )
        existing = {(name, type_, on, text) for name, type_, on, text in cursor.fetchall()}
    kept = keeping(model)
    if not isinstance(kept, Kept):
        return not existing
    text = body(model, kept)
    return existing == {(name, type_, "O", text) for name, type_ in _TYPES.items()}


def _columns(connection: BaseDatabaseWrapper) -> dict[str, set[str]]:
    """Return the column names of each table in the current schema."""
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema()"
        )
        for table, column in cursor.fetchall():
            found.setdefault(table, set()).add(column)
    return found
