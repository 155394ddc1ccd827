"""Celery tasks of the foundation."""

from celery import shared_task

from certportal.foundation import clock, outbox


@shared_task(name="foundation.sweep")
def sweep() -> None:
    """Hand over again what was lost; beat calls this every few seconds."""
    outbox.sweep(now=clock.now())
