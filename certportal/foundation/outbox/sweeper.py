"""The sweeper: sends messages for due items whose message was lost, or whose worker died."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import messages, outbox

MOST = 500
"""Items for which a sweep sends messages."""


def sweep(*, now: datetime) -> int:
    """Send open items that are due and not leased again, at most `MOST`; return how many.

    Finds work whose message was lost with the broker, or whose worker died during the lease. Items
    that became due in the last seconds are skipped: their message is probably on its way. An item
    is sent at most once per lease time, so that sweeps do not lengthen a long queue.
    """
    # Times too far ahead were set before the clock was set back. Twice the longest pause or lease
    # affects no regular item.
    ahead = now + 2 * max(outbox.LONGEST_PAUSE, outbox.lease_time())
    future = Q(due_at__gt=ahead) | Q(leased_until__gt=ahead) | Q(handed_at__gt=ahead)
    OutboxItem.objects.filter(future, done_at=None, failed_at=None).update(
        due_at=now, leased_until=None, handed_at=None
    )
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    unsent = Q(handed_at=None) | Q(handed_at__lte=now - outbox.lease_time())
    grace = now - timedelta(seconds=settings.OUTBOX_SWEEP_SECONDS)
    waiting = OutboxItem.objects.filter(
        free, unsent, done_at=None, failed_at=None, due_at__lte=grace
    )
    items = list(waiting.order_by("due_at")[:MOST])
    # Marked before sending, because a worker that takes the item at once clears the mark.
    OutboxItem.objects.filter(pk__in=[item.pk for item in items]).update(handed_at=now)
    unsent_still = [item.pk for item in items if not messages.send(item)]
    OutboxItem.objects.filter(pk__in=unsent_still).update(handed_at=None)
    return len(items) - len(unsent_still)
