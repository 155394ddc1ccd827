from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class FoundationConfig(AppConfig):
    """Registers the system checks, the converters of URLs, the triggers of kept tables after
    `migrate`, and the cursor that prepares frequent statements.
    """

    name = "certportal.foundation"
    label = "foundation"

    def ready(self) -> None:
        from certportal.foundation import (  # noqa: F401 - settings must be ready
            deployment_checks,
            system_checks,
        )
        from certportal.foundation.database import kept_tables, prepared_statements
        from certportal.foundation.web import converters  # noqa: F401 - before any URL is read

        post_migrate.connect(kept_tables.after_migrate, dispatch_uid="kept_tables")
        connection_created.connect(prepared_statements.use_in, dispatch_uid="prepared_statements")
