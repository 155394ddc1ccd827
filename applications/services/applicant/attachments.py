"""Attaching documents to a draft or a reopened part, taking them away, and erasing them."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from applications import conformity, contents
from applications.errors import NotPossible
from applications.models import Application, Attachment
from applications.services import moving
from applications.services.csrs import spend_upload
from certportal.foundation import clock, storing
from certportal.foundation.actors import Actor
from certportal.foundation.documents import PDF, check_pdf, clean_name
from certportal.foundation.scanning.requiring import require_clean


def add_attachment(
    application_id: UUID,
    kind: Attachment.Kind,
    *,
    data: bytes,
    name: str,
    version: int,
    actor: Actor,
    now: datetime,
    fields: dict[str, Any] | None = None,
) -> Application:
    """Attach a PDF in place of the one of its kind, and save the part's `fields` with it.

    `kind` is also the id of the part it belongs to. Raises NotPdf, ActivePdf, TooBig, Infected or
    NotStored, Unavailable when the virus scanner does not answer, Changed for a stale version,
    NotPossible when the part is not open to change, TooMany.
    """
    spend_upload(application_id, actor=actor, now=now)
    check_pdf(data)
    require_clean(data, object_type="application", object_id=application_id, actor=actor, now=now)
    with transaction.atomic():
        application = _open(application_id, kind, version, now)
        for earlier in application.attachments.filter(kind=kind, removed_at=None):
            _remove(earlier, now)
        known = set(contents.BY_ID[kind].fields)
        given = {key: value for key, value in (fields or {}).items() if key in known}
        moving.save(application, now=now, **given)
        _store(application, kind, data, name, actor, now)
    return application


def copy_conformity(
    template: Application, application: Application, *, actor: Actor, now: datetime
) -> None:
    """Give the new order a copy of the earlier one's document, unless it is out of date.

    The copy is a document of its own: it stays when the earlier order's time of keeping is over.
    """
    document = conformity.document(template)
    last = template.conformity_valid_until
    if document is None or last is None or last < clock.day(now):
        return
    if application.type != template.type or not conformity.concerns(application):
        return
    with document.file.open("rb") as file:
        data: bytes = file.read()
    _store(application, Attachment.Kind.CONFORMITY, data, document.name, actor, now)


@transaction.atomic
def remove_attachment(
    application_id: UUID, attachment_id: int, *, version: int, actor: Actor, now: datetime
) -> Application:
    """Take an attachment away while its part is open. Raises Changed or NotPossible."""
    found = Attachment.objects.filter(
        application=application_id, pk=attachment_id, removed_at=None
    ).first()
    if found is None:
        raise NotPossible
    application = _open(application_id, Attachment.Kind(found.kind), version, now)
    _remove(found, now)
    moving.save(application, now=now)
    moving.record(
        application, "remove_attachment", actor=actor, now=now, data={"sha256": found.sha256}
    )
    return application


def erase_attachments(application: Application) -> None:
    """Delete the rows and, once that is committed, the files: the draft or its time is over."""
    for attachment in application.attachments.all():
        storing.delete(attachment.file.name)
    application.attachments.all().delete()


def _store(
    application: Application,
    kind: Attachment.Kind,
    data: bytes,
    name: str,
    actor: Actor,
    now: datetime,
) -> None:
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
    data_of_event = {"kind": kind, "sha256": sha256, "size": len(data)}
    moving.record(application, "add_attachment", actor=actor, now=now, data=data_of_event)


def _open(application_id: UUID, kind: Attachment.Kind, version: int, now: datetime) -> Application:
    application = moving.lock(application_id, version=version)
    if kind not in contents.editable(application, now=now):
        raise NotPossible
    return application


def _remove(attachment: Attachment, now: datetime) -> None:
    """Note the removal; a file that no submission holds goes at once."""
    attachment.removed_at = now
    sent = attachment.application.submissions.filter(at__gte=attachment.uploaded_at)
    if not sent.exists():
        storing.delete(attachment.file.name)
        attachment.file.name = ""
    attachment.save(update_fields=["removed_at", "file"])
