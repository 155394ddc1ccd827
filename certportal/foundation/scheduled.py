"""Jobs that call one service, when beat's schedule in `certportal/wiring.py` says so."""

from collections.abc import Callable
from typing import Any

from celery import shared_task

from certportal.foundation import clock


def job(name: str, service: Callable[..., object], **options: Any) -> Any:
    """Return the Celery task that calls the service with the present time."""

    @shared_task(name=name, **options)
    def run() -> None:
        service(now=clock.now())

    return run
