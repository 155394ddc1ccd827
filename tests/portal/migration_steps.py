"""Checks that the previous version can keep running on the tables of the new migrations.

Run as `python -m tests.portal.migration_steps`; needs no database. A migration that removes or
restricts something must say in its attribute `contracts` why the previous version does not need it
(CONTRIBUTING.md, "change a column"; docs/decisions/rolling-upgrade.md).
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import django
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

type AnyField = models.Field[Any, Any]

# The last migrations older than this check; they and earlier ones are not examined.
BASELINE = {
    "accounts": "0013_what_followed",
    "register": "0002_accepted_runs",
    "applications": "0019_waivers",
    "foundation": "0009_mail_rounds",
    "issuance": "0015_ending",
}
NEVER = (migrations.RenameModel, migrations.RenameField, migrations.AlterModelTable)
HARMLESS = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.RemoveConstraint,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.RunPython,
)
# SQL keywords that remove or restrict something; `DROP NOT NULL` does neither.
_TAKES = re.compile(
    r"\b(DROP (?!NOT NULL)|RENAME|TRUNCATE|DELETE|SET NOT NULL|UNIQUE|ADD CONSTRAINT|CHECK"
    r"|TRIGGER|TYPE|REVOKE)",
    re.IGNORECASE,
)
_SIZES = ("max_length", "max_digits", "decimal_places")


def faults(migration: migrations.Migration, before: ProjectState) -> Iterator[str]:
    """Yield the faults of a migration; `before`: the project state without it."""
    state, label = before.clone(), migration.app_label
    contracting: list[str] = []
    made = {op.name_lower for op in migration.operations if isinstance(op, migrations.CreateModel)}
    for operation in migration.operations:
        if isinstance(operation, NEVER):
            yield f"{operation.describe()}: the previous version knows only the old name"
        elif getattr(operation, "model_name_lower", None) not in made:
            if type(operation) is migrations.AddIndex:
                yield f"{operation.describe()}: writes wait meanwhile; use AddIndexAgain"
            if type(operation) is migrations.AlterField and _drops_key_index(
                _field(state, label, operation), operation.field
            ):
                yield f"{operation.describe()}: makes the foreign key anew; use DropKeyIndex"
            contracting += _contracting(operation, state, label)
        operation.state_forwards(label, state)
    reason = getattr(migration, "contracts", "")
    if contracting and not reason:
        yield from contracting
    if reason and not contracting:
        yield "it has `contracts`, but removes and restricts nothing"


def _contracting(operation: Operation, state: ProjectState, label: str) -> Iterator[str]:
    """Yield what the operation removes or restricts that the previous version may use."""
    what = operation.describe()
    match operation:
        case migrations.SeparateDatabaseAndState():
            for each in operation.database_operations:
                yield from _contracting(each, state, label)
            yield from _without_default(operation, state, label)
        case migrations.AddField():
            if lacks_default(operation.field):
                yield f"{what}: rows of the previous version lack it; give it a db_default, or null"
        case migrations.AlterField():
            old = _field(state, label, operation)
            yield from (f"{what}: {change}" for change in _narrowed(old, operation.field))
        case migrations.RunSQL():
            for word in sorted(
                {found.strip().upper() for found in _TAKES.findall(_sql(operation))}
            ):
                yield f"{what}: {word}"
        case _ if not isinstance(operation, HARMLESS):
            yield f"{what}: the previous version uses it, or may violate it"


def _without_default(
    operation: migrations.SeparateDatabaseAndState, state: ProjectState, label: str
) -> Iterator[str]:
    """Yield columns removed from the models only, for which the database has no default."""
    statements = " ".join(_sql(each) for each in operation.database_operations)
    for each in operation.state_operations:
        if isinstance(each, migrations.RemoveField):
            field = _field(state, label, each)
            column = field.db_column or f"{each.name}(_id)?"
            gives_default = rf"\b{column}\W+(SET DEFAULT|DROP NOT NULL)"
            if lacks_default(field) and not re.search(gives_default, statements, re.I):
                yield f"{each.describe()}: new rows lack the column; give it a default first"


def lacks_default(field: AnyField) -> bool:
    """Whether the database refuses an INSERT that does not name the column."""
    return not (field.null or field.many_to_many or field.has_db_default())


def _narrowed(old: AnyField, new: AnyField) -> Iterator[str]:
    """Yield how the new column accepts fewer or other values than the old one."""
    if old.get_internal_type() != new.get_internal_type():
        yield f"from {old.get_internal_type()} to {new.get_internal_type()}"
    if old.db_column != new.db_column:
        yield "another column"
    if old.null and not new.null:
        yield "no longer null"
    if new.unique and not old.unique:
        yield "unique"
    if not lacks_default(old) and lacks_default(new):
        yield "no longer filled by the database"
    for size in _SIZES:
        before, after = getattr(old, size, None), getattr(new, size, None)
        if after is not None and (before is None or after < before):
            yield f"{size} from {before} to {after}"


def _drops_key_index(old: Any, new: Any) -> bool:
    return old.remote_field is not None and old.db_index and not new.db_index


def _field(state: ProjectState, label: str, operation: Any) -> AnyField:
    model = state.models[label, operation.model_name_lower]
    field: AnyField = model.get_field(operation.name)
    return field


def _sql(operation: Operation) -> str:
    """Return the statements of RunSQL as one text; empty for other operations."""
    found = operation.sql if isinstance(operation, migrations.RunSQL) else ""
    if isinstance(found, str):
        return found
    return " ".join(each if isinstance(each, str) else each[0] for each in found)


def new_migrations(loader: MigrationLoader) -> Sequence[tuple[str, str]]:
    """Return app and name of every migration of this project since the baseline."""
    every = sorted(loader.disk_migrations)
    return [key for key in every if key[0] in BASELINE and key[1] > BASELINE[key[0]]]


def main() -> int:
    """Print faults and the reasons in `contracts`; return 1 if there are faults."""
    loader, wrong = MigrationLoader(None), 0
    for key in new_migrations(loader):
        migration = loader.get_migration(*key)
        before = loader.project_state(key, at_end=False)
        for fault in faults(migration, before):
            wrong = 1
            print(f"{key[0]}.{key[1]}: {fault}")
        if reason := getattr(migration, "contracts", ""):
            print(f"{key[0]}.{key[1]} contracts: {reason}")
    if not wrong:
        print("The previous version can run beside every new migration.")
    return wrong


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    django.setup()
    sys.exit(main())
