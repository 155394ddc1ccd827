"""Indexes made without a lock, by a migration that may be killed and run again."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently


class AddIndexAgain(AddIndexConcurrently):
    """Like AddIndexConcurrently; first drops what an earlier run has left of it.

    Such a migration is not one transaction: killed, it has made some of its indexes, and the one it
    was at is there and invalid.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Drop the index of this name, if there is one, and make it."""
        name = schema_editor.quote_name(self.index.name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)
