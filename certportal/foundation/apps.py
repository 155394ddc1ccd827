from django.apps import AppConfig


class FoundationConfig(AppConfig):
    name = "certportal.foundation"
    label = "foundation"
