"""Configuration of Django's own apps that this service customises."""

from django.contrib.admin.apps import AdminConfig


class SettingsAdmin(AdminConfig):
    """The admin under `/settings/`."""

    default_site = "certportal.web.admin_site.SettingsSite"
