"""Whether the CA still has to prepare the certificate of a case."""

from applications.models import Application
from applications.workflow import consequences
from certportal.foundation.models import OutboxItem


def is_under_way(application: Application) -> bool:
    """Whether the CA has been asked for the case's certificate and will still make it."""
    asked = OutboxItem.objects.filter(
        topic=consequences.WANTED, payload__reference=str(application.pk)
    )
    return asked.filter(done_at=None, failed_at=None).exists()
