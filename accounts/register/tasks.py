"""The hourly task of the mirror. It may run twice, or be missed: the next run catches up."""

from accounts.register.mirror import sync
from certportal.foundation.service_tasks import scheduled

# Acknowledged at the start: fetching the whole register takes longer than the broker's visibility
# timeout, after which a second worker would start the same task.
catch_up = scheduled("register.catch_up", sync.catch_up, acks_late=False)
