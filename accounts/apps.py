"""The app of people, organisations and rights to act."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the system checks."""

    name = "accounts"

    def ready(self) -> None:
        from accounts import system_checks  # noqa: F401 - models must be ready
