"""Keeps a worker's database connection between tasks, as web keeps it between requests.

Celery's own fixup for Django closes it before and after each task, and an order takes a dozen: half
of what a task cost was connecting. ``CONN_MAX_AGE`` and ``CONN_HEALTH_CHECKS`` apply.
"""

from typing import Any

from celery import Celery
from celery.fixups import django
from django.db import close_old_connections


class _WorkerFixup(django.DjangoWorkerFixup):  # type: ignore[name-defined]
    def close_database(self, **_: Any) -> None:
        """Close connections that had an error or are too old; called before and after a task."""
        close_old_connections()


class _Fixup(django.DjangoFixup):
    @property
    def worker_fixup(self) -> _WorkerFixup:
        if self._worker_fixup is None:  # type: ignore[has-type]
            self._worker_fixup = _WorkerFixup(self.app)
        return self._worker_fixup


def fixup(app: Celery) -> _Fixup:
    """Install the fixup; to be named in ``fixups`` of a Celery application, which keeps it."""
    made = _Fixup(app)
    made.install()
    return made
