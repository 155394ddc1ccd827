"""Celery tasks of the foundation."""

from celery import shared_task

from certportal.foundation import clock
from certportal.foundation.outbox import outbox


@shared_task(name="foundation.sweep")
def sweep() -> None:
    """Send lost outbox items again; beat calls this every few seconds."""
    outbox.sweep(now=clock.now())
