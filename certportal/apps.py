"""Django's own apps where this service sets them up otherwise."""

from django.contrib.admin.apps import AdminConfig


class SettingsAdmin(AdminConfig):
    """The admin under `/settings/`."""

    default_site = "certportal.administration.SettingsSite"
