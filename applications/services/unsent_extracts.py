"""Remove the extracts that reviewers attached to a hearing that was not sent."""

from datetime import datetime

from applications.models import Application, Attachment
from applications.rules import hearing_documents
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.files import storing


def remove(*applications: Application, actor: Actor, now: datetime) -> None:
    """Remove the files of the locked orders' unsent extracts, with an event of each."""
    for document in hearing_documents.unsent(*applications):
        remove_one(document, actor=actor, now=now)


def remove_one(document: Attachment, *, actor: Actor, now: datetime) -> None:
    """Remove the file of one unsent extract of a locked order, with an event."""
    storing.delete(document.file.name)
    document.file.name, document.removed_at = "", now
    document.save(update_fields=["removed_at", "file"])
    name, sha256 = ApplicationEvent.REMOVE_HEARING_DOCUMENT, document.sha256
    events.record(name, document.application, actor, now, sha256=sha256)
