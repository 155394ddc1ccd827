"""Creating and dropping indexes concurrently, in a migration that may be killed and run again."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AlterField
from django.db.models import Index


class AddIndexAgain(AddIndexConcurrently):
    """Like AddIndexConcurrently; first drops an index that an interrupted run has left.

    Such a migration is not a transaction: if it is killed, some of its indexes exist, and the one
    that it was creating is invalid.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Drop the index of this name, if there is one, and create it."""
        name = schema_editor.quote_name(self.index.name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class DropKeyIndex(AlterField):
    """Like AlterField of a foreign key that loses its own index; drops nothing but the index.

    AlterField drops the foreign key too and makes it anew: writes to both tables wait while each
    row is checked, and a migration that is killed between the two, as it is not a transaction,
    leaves the table without the foreign key for ever.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Drop the index that Django made for the foreign key, if it is there."""
        model = to_state.apps.get_model(app_label, self.model_name)
        column, declared = model._meta.get_field(self.name).column, model._meta.indexes
        own = {"index": True, "type_": Index.suffix, "exclude": {each.name for each in declared}}
        for index in schema_editor._constraint_names(model, [column], **own):
            name = schema_editor.quote_name(index)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Make the index again, as AlterField does."""
        super().database_forwards(app_label, schema_editor, from_state, to_state)
