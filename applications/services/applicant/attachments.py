"""Attach documents to a draft or a reopened part of an order, remove them, and erase them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from applications.errors import NotPossible
from applications.models import Application, Attachment
from applications.rules import answers, conformity, sections
from applications.services import transition
from applications.services.applicant.csr import spend_upload
from applications.workflow import ApplicationEvent
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.files import storing
from certportal.foundation.files.documents import PDF, check_pdf, clean_name
from certportal.foundation.files.faults import DamagedFile
from certportal.foundation.files.scanning.protocol import require_clean
from certportal.foundation.turns import AllTaken
from certportal.foundation.web import limits

log = structlog.get_logger(__name__)


def add_attachment(
    application_id: UUID,
    kind: Attachment.Kind,
    *,
    data: bytes,
    name: str,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Attach a PDF, replacing an earlier one of its kind.

    `kind` is also the id of the part of the form it belongs to. Raises NotPdf, ActivePdf, TooBig,
    Infected or NotStored, Unavailable if the virus scanner does not answer, Changed, NotPossible
    when the part is not editable, MayNotAct if the person left during the check, TooMany.
    """
    require_fit(application_id, data, actor, now)
    with storing.atomic():
        application = _open(application_id, kind, version, actor, now)
        for earlier in application.attachments.filter(kind=kind, removed_at=None):
            _remove(earlier, now)
        transition.save(application, now=now)
        store(application, kind, data, name, actor, now)
    return application


def attach_to_answer(
    application_id: UUID, *, data: bytes, name: str, actor: Actor, now: datetime
) -> Application:
    """Attach a PDF that goes to the reviewer with the draft or the answer to an open question.

    It replaces nothing, so the version that the person saw does not matter. Does nothing if the
    same bytes are attached already, as by a double click. Raises what `add_attachment` raises
    except Changed, NotPossible unless `answers.may_attach`, and Enough.
    """
    require_fit(application_id, data, actor, now)
    with storing.atomic():
        application = _answering(application_id, actor)
        attached = answers.documents(application)
        if same(attached, data):
            return application
        if attached.count() >= answers.MOST_DOCUMENTS:
            raise answers.Enough
        transition.save(application, now=now)
        store(application, Attachment.Kind.ANSWER, data, name, actor, now)
    return application


def same(attached: QuerySet[Attachment], data: bytes) -> Attachment | None:
    """Return the one of the attachments that has these bytes, or None."""
    return attached.filter(sha256=hashlib.sha256(data).hexdigest()).first()


def require_fit(
    application_id: UUID,
    data: bytes,
    actor: Actor,
    now: datetime,
    *,
    subject: events.Subject | None = None,
) -> None:
    """Count the upload; raise unless it is a PDF without active content or virus.

    A virus is recorded as an event of the order, or of `subject`.
    """
    with limits.undone_by(AllTaken):
        spend_upload(application_id, actor=actor, now=now)
        check_pdf(data)
    subject = subject or events.Subject("application", application_id)
    require_clean(data, ApplicationEvent.VIRUS_REFUSED, subject, actor=actor, now=now)


def copy_conformity(
    template: Application, application: Application, *, actor: Actor, now: datetime
) -> None:
    """Copy the certificate of conformity from an earlier order, unless it has expired.

    The file is copied as well, because the earlier order's file is erased after its retention
    period. Without a file that is missing or damaged for good the new order asks for another.
    Raises Unavailable if it cannot be read now, and NotStored.
    """
    document = conformity.document(template)
    last = template.conformity_valid_until
    if document is None or last is None or last < clock.day(now):
        return
    if application.type != template.type or not conformity.concerns(application):
        return
    try:
        data = storing.read(document.file)
    except DamagedFile:
        log.error("conformity_not_copied", order=template.number, file=document.file.name)
        return
    store(application, Attachment.Kind.CONFORMITY, data, document.name, actor, now)


@transaction.atomic
def remove_attachment(
    application_id: UUID, attachment_id: int, *, version: int, actor: Actor, now: datetime
) -> Application:
    """Remove an attachment while its part is editable or its answer is not sent.

    Raises Changed or NotPossible.
    """
    attachments = Attachment.objects.filter(application=application_id, removed_at=None)
    attachment = attachments.exclude(kind=Attachment.Kind.HEARING).filter(pk=attachment_id).first()
    if attachment is None:
        raise NotPossible
    if attachment.kind == Attachment.Kind.ANSWER:
        application = _answering(application_id, actor, version)
        if not answers.documents(application).filter(pk=attachment.pk).exists():
            raise NotPossible
    else:
        application = _open(application_id, Attachment.Kind(attachment.kind), version, actor, now)
    transition.save(application, now=now)
    _remove_with_event(attachment, actor, now)
    return application


def remove_unsent(application: Application, *, actor: Actor, now: datetime) -> None:
    """Remove the documents attached to the locked draft or answer, which will not be sent."""
    for attachment in answers.unsent(application):
        _remove_with_event(attachment, actor, now)


def erase_attachments(applications: Sequence[Application]) -> None:
    """Delete all attachments of discarded drafts or of an order being erased.

    The files are deleted once the transaction is committed.
    """
    found = Attachment.objects.filter(application__in=[one.pk for one in applications])
    for attachment in found:
        storing.delete(attachment.file.name)
    found.delete()


def store(
    application: Application,
    kind: Attachment.Kind,
    data: bytes,
    name: str,
    actor: Actor,
    now: datetime,
    *,
    event: ApplicationEvent = ApplicationEvent.ADD_ATTACHMENT,
) -> Attachment:
    """Store an accepted document (`require_fit`) with a locked order, and record `event`."""
    sha256 = hashlib.sha256(data).hexdigest()
    attachment = Attachment(
        application=application,
        kind=kind,
        name=clean_name(name),
        media_type=PDF,
        size=len(data),
        sha256=sha256,
        uploaded_by=str(actor),
        uploaded_at=now,
    )
    attachment.file.name = storing.write(data)
    attachment.save()
    facts: dict[str, Any] = {"kind": kind, "sha256": sha256, "size": len(data)}
    events.record(event, application, actor, now, **facts)
    return attachment


def _open(
    application_id: UUID, kind: Attachment.Kind, version: int, actor: Actor, now: datetime
) -> Application:
    application = transition.lock(application_id, by=actor, version=version)
    sections.require_editable(application, kind, now=now)
    return application


def _answering(application_id: UUID, actor: Actor, version: int | None = None) -> Application:
    """Return the locked order, to which documents can be attached now (`answers.may_attach`)."""
    application = transition.lock(application_id, by=actor, version=version)
    if not answers.may_attach(application):
        raise NotPossible
    return application


def _remove_with_event(attachment: Attachment, actor: Actor, now: datetime) -> None:
    _remove(attachment, now)
    name, sha256 = ApplicationEvent.REMOVE_ATTACHMENT, attachment.sha256
    events.record(name, attachment.application, actor, now, sha256=sha256)


def _remove(attachment: Attachment, now: datetime) -> None:
    """Mark the attachment as removed; delete its file unless a submission contains its hash."""
    attachment.removed_at = now
    sent = attachment.application.submissions.filter(content__contains=attachment.sha256)
    if not sent.exists():
        storing.delete(attachment.file.name)
        attachment.file.name = ""
    attachment.save(update_fields=["removed_at", "file"])
