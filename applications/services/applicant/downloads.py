"""Recording of certificate downloads."""

from datetime import datetime, timedelta

from applications.models import Application
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.models import Event

# Repeated downloads by the same actor within this time are not recorded again: reloading a page
# would fill the log.
SAME = timedelta(hours=1)


def record_download(application: Application, kind: str, *, actor: Actor, now: datetime) -> None:
    """Record that the actor downloaded this kind of file of the order's certificate."""
    before = Event.objects.filter(
        object_type="application",
        object_id=str(application.pk),
        action=ApplicationEvent.DOWNLOAD,
        actor=str(actor),
        at__gt=now - SAME,
        data__kind=kind,
    )
    if not before.exists():
        events.record(ApplicationEvent.DOWNLOAD, application, actor, now, kind=kind)
