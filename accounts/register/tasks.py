"""The hourly task of the mirror. It may run twice, or be missed: the next run catches up."""

from celery import shared_task

from accounts.register.mirror import sync
from certportal.foundation import clock


# Acknowledged at the start: fetching the whole register takes longer than the broker's visibility
# timeout, after which a second worker would start the same task.
@shared_task(name="register.catch_up", acks_late=False)
def catch_up() -> None:
    """Fetch what is due; called hourly. A delta is due daily, the whole register weekly."""
    sync.catch_up(now=clock.now())
