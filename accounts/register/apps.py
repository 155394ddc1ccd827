"""Django application configuration of the register mirror."""

from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """The mirror of the THL SOTE organisation register and the Kanta intermediary register."""

    name = "accounts.register"
    label = "register"
    default_auto_field = "django.db.models.BigAutoField"
