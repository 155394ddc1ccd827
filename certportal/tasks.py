"""Tasks of certportal itself, for Celery's autodiscovery."""

from certportal.operations.health import beat

__all__ = ["beat"]
