"""Attach extracts to a hearing before it is sent; send them with it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from accounts.models import Person
from applications.models import Application, Attachment, InformationRequest
from applications.rules import hearing_documents
from applications.services import transition
from applications.services.applicant import attachments
from applications.services.reviewer.may_act import take
from applications.workflow import Action, ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.files import storing


def attach_to_hearing(
    application_id: UUID,
    *,
    data: bytes,
    name: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Attachment:
    """Attach a PDF to the hearing that the reviewer writes; reviewers alone read it until then.

    Raises NotPdf, ActivePdf, TooBig, Infected or NotStored, Unavailable if the virus scanner does
    not answer, TooMany, Enough, and what keeps the reviewer from hearing the applicant.
    """
    subject = events.Subject("person", person.pk)  # no news of the order to its applicant
    attachments.require_fit(application_id, data, actor, now, subject=subject)
    with storing.atomic():
        application = take(Action.HEAR, application_id, person, version, now=now)
        if hearing_documents.unsent(application).count() >= hearing_documents.MOST_DOCUMENTS:
            raise hearing_documents.Enough
        transition.save(application, now=now)
        kind, named = Attachment.Kind.HEARING, ApplicationEvent.ADD_HEARING_DOCUMENT
        return attachments.store(application, kind, data, name, actor, now, named=named)


def send(
    hearing: InformationRequest, chosen: Collection[int], *, actor: Actor, now: datetime
) -> list[str]:
    """Let the chosen documents go with the hearing of a locked order; remove the others.

    Return the hashes of those that go.
    """
    waiting = list(hearing_documents.unsent(hearing.application))
    hashes = []
    for document in waiting:
        if document.pk in chosen:
            document.request = hearing
            document.save(update_fields=["request"])
            hashes.append(document.sha256)
        else:
            _remove(hearing.application, document, actor, now)
    return hashes


def remove_unsent(application: Application, *, actor: Actor, now: datetime) -> None:
    """Remove what was attached to a hearing that a locked order will not get any more."""
    for document in hearing_documents.unsent(application):
        _remove(application, document, actor, now)


def _remove(application: Application, document: Attachment, actor: Actor, now: datetime) -> None:
    storing.delete(document.file.name)
    document.file.name, document.removed_at = "", now
    document.save(update_fields=["removed_at", "file"])
    name, sha256 = ApplicationEvent.REMOVE_HEARING_DOCUMENT, document.sha256
    events.record(name, application, actor, now, sha256=sha256)
