from django.apps import AppConfig
from django.db.models.signals import post_migrate


class FoundationConfig(AppConfig):
    """Registers the system checks, and creates the triggers of kept tables after `migrate`."""

    name = "certportal.foundation"
    label = "foundation"

    def ready(self) -> None:
        """Load the checks."""
        from certportal.foundation import (  # noqa: F401 - settings must be ready
            deployment_checks,
            kept_tables,
            system_checks,
        )

        post_migrate.connect(kept_tables.after_migrate, dispatch_uid="kept_tables")
