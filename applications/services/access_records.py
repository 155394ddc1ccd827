"""Record downloads, exports, and what auditors looked at as events."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model

from accounts.models import Person
from applications.models import Application, Attachment
from applications.workflow import ApplicationEvent
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.event_names import EventName
from certportal.foundation.events import Subject
from certportal.foundation.models import Event

# The same reading by the same actor within this time is not recorded again; otherwise reloading a
# page would fill the log.
REPEATED_WITHIN = timedelta(hours=1)


def record_download(application: Application, kind: str, *, actor: Actor, now: datetime) -> None:
    """Record that the actor downloaded this kind of file of the order's certificate."""
    _once(ApplicationEvent.DOWNLOAD, application, actor, now, kind=kind)


def record_certificate_taken(
    application: Application, kind: str, *, actor: Actor, now: datetime
) -> None:
    """Record that the authority downloaded this kind of file of the order's certificate."""
    _once(ApplicationEvent.CERTIFICATE_TAKEN, application, actor, now, kind=kind)


def record_case_viewed(application: Application, *, actor: Actor, now: datetime) -> None:
    _once(ApplicationEvent.CASE_VIEWED, application, actor, now)


def record_page_viewed(about: Model | Subject, *, actor: Actor, now: datetime) -> None:
    """Record that an auditor looked at the page about something, or at a list."""
    _once(ApplicationEvent.PAGE_VIEWED, about, actor, now)


def record_list_exported(name: str, *, actor: Actor, now: datetime) -> None:
    """Record that a list of the console was exported as a file."""
    events.record(ApplicationEvent.LIST_EXPORTED, Subject("list", name), actor, now)


def record_attachment_taken(attachment: Attachment, *, actor: Actor, now: datetime) -> None:
    """Record that the authority downloaded a document of the order; its sender sees it."""
    order = attachment.application
    sender = order.submission.person if order.submission else order.created_by
    data: dict[str, Any] = {"reference": str(order.pk), "sha256": attachment.sha256}
    about = Subject("person", sender.pk, order.organisation_id)
    _once(ApplicationEvent.DOCUMENT_TAKEN, about, actor, now, **data)


def record_hearing_document_taken(document: Attachment, *, actor: Actor, now: datetime) -> None:
    """Record that the authority downloaded a document of a hearing, whether sent or not."""
    name, sha256 = ApplicationEvent.HEARING_DOCUMENT_TAKEN, document.sha256
    _once(name, document.application, actor, now, sha256=sha256)


def record_right_document_taken(
    person: Person, sha256: str, *, actor: Actor, now: datetime
) -> None:
    """Record that the authority downloaded a document about the person's right to act."""
    _once(ApplicationEvent.DOCUMENT_TAKEN, Subject("person", person.pk), actor, now, sha256=sha256)


def _once(
    name: EventName, about: Model | Subject, /, actor: Actor, now: datetime, **data: Any
) -> None:
    subject = about if isinstance(about, Subject) else events.subject_of(about)
    recorded = Event.objects.filter(
        object_type=subject.type,
        object_id=str(subject.id),
        action=name,
        actor=str(actor),
        at__range=clock.recently(REPEATED_WITHIN, now=now),
        **{f"data__{key}": value for key, value in data.items()},
    )
    if not recorded.exists():
        events.record(name, about, actor, now, **data)
