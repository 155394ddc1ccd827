"""The app that knows people, organisations and who may act for whom."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the system checks."""

    name = "accounts"

    def ready(self) -> None:
        """Load the checks."""
        from accounts import system_checks  # noqa: F401 - models must be ready
