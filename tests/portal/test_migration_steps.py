"""A migration lets the version before go on working, or says why that version can spare it."""

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from certportal.foundation.database.indexes import AddIndexAgain, DropKeyIndex
from tests.portal import migration_steps

CONDITION = models.Q(words__gt="")
BY_WORDS = models.Index(fields=["words"], name="by_words")


@pytest.fixture
def before() -> ProjectState:
    """A table with one column of each kind."""
    state = ProjectState()
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("words", models.CharField(max_length=40)),
        ("told", models.CharField(max_length=40, null=True)),
        ("kind", models.CharField(max_length=40, db_default="")),
    ]
    migrations.CreateModel("Note", fields).state_forwards("board", state)
    return state


def found(before: ProjectState, *operations: object, contracts: str = "") -> list[str]:
    made = type("Migration", (migrations.Migration,), {"operations": list(operations)})
    migration = made("0002_next", "board")
    if contracts:
        migration.contracts = contracts
    return list(migration_steps.faults(migration, before))


def altered(name: str, field: models.Field) -> migrations.AlterField:
    return migrations.AlterField("note", name, field)


def added(**options: object) -> migrations.AddField:
    return migrations.AddField("note", "sent_to", models.CharField(max_length=9, **options))


EASED = "ALTER TABLE board_note ALTER COLUMN \"words\" SET DEFAULT ''"
FORGOTTEN = migrations.RemoveField("note", "words")
EXPANDS = {
    "a column that may be null": added(null=True),
    "a column that the database fills": added(db_default=""),
    "a longer column": altered("words", models.CharField(max_length=80)),
    "a column that may now be null": altered("words", models.CharField(max_length=40, null=True)),
    "other words of a column": altered("words", models.CharField("Words", max_length=40)),
    "an index made beside writes": AddIndexAgain("note", BY_WORDS),
    "leave to leave out": migrations.RunSQL("ALTER TABLE board_note ALTER words DROP NOT NULL"),
    "a default": migrations.RunSQL([EASED]),
    "filling in": migrations.RunPython(migrations.RunPython.noop),
    "a column that the models forget": migrations.SeparateDatabaseAndState(
        [migrations.RunSQL(EASED)], [FORGOTTEN]
    ),
}
CONTRACTS = {
    "a column that old rows lack": added(),
    "a column with a default of Python's": added(default=""),
    "a column goes": FORGOTTEN,
    "a table goes": migrations.DeleteModel("Note"),
    "a shorter column": altered("words", models.CharField(max_length=20)),
    "a limit on a text": altered("words", models.TextField()),
    "not null": altered("told", models.CharField(max_length=40)),
    "unique": altered("words", models.CharField(max_length=40, unique=True)),
    "no default": altered("kind", models.CharField(max_length=40)),
    "a name of the column": altered("words", models.CharField(max_length=40, db_column="w")),
    "a check": migrations.AddConstraint(
        "note", models.CheckConstraint(condition=CONDITION, name="has_words")
    ),
    "a unique constraint": migrations.AddConstraint(
        "note", models.UniqueConstraint(fields=["words"], name="words_once")
    ),
    "dropping by hand": migrations.RunSQL("ALTER TABLE board_note DROP COLUMN told"),
    "not null by hand": migrations.RunSQL("ALTER TABLE board_note ALTER told SET NOT NULL"),
    "a trigger by hand": migrations.RunSQL("CREATE TRIGGER kept BEFORE UPDATE ON board_note …"),
    "dropping beside the models": migrations.SeparateDatabaseAndState(
        [migrations.RunSQL("ALTER TABLE board_note DROP COLUMN told")], []
    ),
    "forgetting a column that new rows must name": migrations.SeparateDatabaseAndState(
        [], [FORGOTTEN]
    ),
}
RENAMES = {
    "a column": migrations.RenameField("note", "words", "text"),
    "a model": migrations.RenameModel("Note", "Remark"),
    "a table": migrations.AlterModelTable("note", "remarks"),
}


@pytest.mark.parametrize("operation", EXPANDS.values(), ids=EXPANDS)
def test_what_only_adds_passes(before: ProjectState, operation: object) -> None:
    assert found(before, operation) == []


@pytest.mark.parametrize("operation", CONTRACTS.values(), ids=CONTRACTS)
def test_what_takes_something_wants_a_reason(before: ProjectState, operation: object) -> None:
    assert len(found(before, operation)) >= 1
    assert found(before, operation, contracts="board.0001 stopped using it") == []


@pytest.mark.parametrize("operation", RENAMES.values(), ids=RENAMES)
def test_nothing_is_renamed_whatever_the_reason(before: ProjectState, operation: object) -> None:
    (fault,) = found(before, operation, contracts="nobody uses it")[:1]
    assert "old name" in fault


def test_no_index_is_made_while_writes_wait(before: ProjectState) -> None:
    (fault,) = found(before, migrations.AddIndex("note", BY_WORDS))
    assert "AddIndexAgain" in fault


def test_no_foreign_key_is_made_anew_to_drop_its_index(before: ProjectState) -> None:
    of_note = {"on_delete": models.CASCADE, "null": True}
    migrations.AddField("note", "after", models.ForeignKey("note", **of_note)).state_forwards(
        "board", before
    )
    without = models.ForeignKey("note", db_index=False, **of_note)
    (fault,) = found(before, altered("after", without))
    assert "DropKeyIndex" in fault
    assert found(before, DropKeyIndex("note", "after", without)) == []


def test_a_table_may_be_made_in_steps(before: ProjectState) -> None:
    fields = [("id", models.BigAutoField(primary_key=True)), ("at", models.DateTimeField())]
    once = models.UniqueConstraint(fields=["at"], name="at_once")
    steps = [migrations.CreateModel("Run", fields), migrations.AddConstraint("run", once)]
    assert found(before, *steps) == []


def test_a_reason_without_need_is_told(before: ProjectState) -> None:
    assert len(found(before, added(null=True), contracts="to be sure")) == 1


def test_the_migrations_of_before_are_accepted_and_exist() -> None:
    loader = MigrationLoader(None)
    assert set(migration_steps.BASELINE.items()) <= set(loader.disk_migrations)
    assert migration_steps.main() == 0
