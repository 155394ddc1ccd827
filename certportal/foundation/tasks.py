"""Celery tasks of the foundation."""

from celery import shared_task

from certportal.foundation import clock
from certportal.foundation.files import sweeping
from certportal.foundation.outbox import outbox


@shared_task(name="foundation.sweep")
def sweep() -> None:
    """Send lost outbox items again; beat calls this every few seconds."""
    outbox.sweep(now=clock.now())


@shared_task(name="foundation.sweep_files")
def sweep_files() -> None:
    """Delete stored files that no row names; beat calls this every night."""
    sweeping.sweep(now=clock.now())
