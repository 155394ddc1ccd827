"""The top layer of the service: settings, URLs, Celery and the wiring between the apps."""

from certportal.celery import app as celery_app

__all__ = ["celery_app"]
