"""What beat does for the mirror. The task may run twice or not at all: the next hour catches up."""

from celery import shared_task

from accounts.register import sync
from certportal.foundation import clock


# Acknowledged at once: fetching the whole register takes longer than the broker's visibility
# timeout, and a second worker must not begin it again beside the first.
@shared_task(name="register.catch_up", acks_late=False)
def catch_up() -> None:
    """Fetch what is due: every hour beat asks, a delta is due daily and the whole weekly."""
    sync.catch_up(now=clock.now())
