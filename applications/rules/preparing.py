"""Whether the CA still has to prepare the certificate of a case."""

from applications.models import Application
from applications.workflow import consequences
from certportal.foundation.models import OutboxItem
from certportal.foundation.together import Asks, Question, Values


@Question
def is_under_way(application: Application) -> Asks[bool]:
    """Whether the CA has been asked for the case's certificate and will still make it."""
    asked = OutboxItem.objects.filter(
        topic=consequences.WANTED, payload__reference=str(application.pk)
    )
    waiting = asked.filter(done_at=None, failed_at=None)
    return Values(waiting.values_list("pk")), bool
