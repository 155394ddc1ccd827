"""Celery finds the top's own tasks here."""

from certportal.health import beat

__all__ = ["beat"]
