"""Creating indexes concurrently, in a migration that may be killed and run again."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently


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
