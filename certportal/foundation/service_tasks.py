"""Tasks that only call one service: when beat's schedule says so, or for an outbox item."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from celery import shared_task

from certportal.foundation import clock
from certportal.foundation.database.database_clock import require_agreement
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox


def scheduled(
    name: str, service: Callable[..., object], *, at_any_clock: bool = False, **options: Any
) -> Any:
    """Return the Celery task that calls the service with the present time.

    It raises ClockDiffers while this machine's clock is wrong, unless it may run `at_any_clock`:
    what ends by a date, is deleted or erased does not come back when the clock is right again.
    """

    @shared_task(name=name, **options)
    def run() -> None:
        if not at_any_clock:
            require_agreement()
        service(now=clock.now())

    return run


def for_item(name: str, service: Callable[..., object], **keys: Callable[[Any], Any]) -> Any:
    """Return the outbox task that calls the service with these keys of the payload, in this order.

    Each value is converted as given, such as `reference=UUID`.
    """

    @outbox.task(name)
    def run(*, item: OutboxItem, now: datetime, **payload: Any) -> None:
        if keys.keys() - payload.keys():
            raise outbox.OfAnotherVersion
        service(*(convert(payload[key]) for key, convert in keys.items()), now=now)

    return run
