from django.apps import AppConfig


class FoundationConfig(AppConfig):
    """Registers the system checks."""

    name = "certportal.foundation"
    label = "foundation"

    def ready(self) -> None:
        """Load the checks."""
        from certportal.foundation import system_checks  # noqa: F401 - settings must be ready
