"""Whether the CA still has to prepare the certificate of a case."""

from applications.models import Application
from applications.workflow import consequences
from certportal.foundation.database.combined_queries import Asks, Question, Values
from certportal.foundation.models import OutboxItem


@Question
def is_under_way(application: Application) -> Asks[bool]:
    """Return whether the preparation of the case's certificate is enqueued and not finished."""
    items = OutboxItem.objects.filter(
        topic=consequences.PREPARE, payload__reference=str(application.pk)
    )
    return Values(items.filter(done_at=None, failed_at=None).values_list("pk")), bool
