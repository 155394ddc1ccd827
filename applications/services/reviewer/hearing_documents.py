"""Attach extracts to a hearing before it is sent, remove them, and send them with it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications.errors import NotPossible, require
from applications.models import Attachment, InformationRequest
from applications.rules import hearing_documents
from applications.services import transition, unsent_extracts
from applications.services.applicant import attachments
from applications.services.reviewer.may_act import locked, take
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
    """Attach a PDF to a hearing that is being written; only reviewers read it before it is sent.

    If the same bytes are attached already, that attachment is returned and nothing is done. Raises
    NotPdf, ActivePdf, TooBig, Infected or NotStored, Unavailable if the virus scanner does not
    answer, TooMany, Enough, and what keeps the reviewer from hearing the applicant.
    """
    # An event of the order would be shown to its applicant.
    subject = events.Subject("person", person.pk)
    attachments.require_fit(application_id, data, actor, now, subject=subject)
    with storing.atomic():
        application = take(Action.HEAR, application_id, person, version, now=now)
        unsent = hearing_documents.unsent(application)
        if attached := attachments.same(unsent, data):
            return attached
        if unsent.count() >= hearing_documents.MOST_DOCUMENTS:
            raise hearing_documents.Enough
        transition.save(application, now=now)
        kind, event = Attachment.Kind.HEARING, ApplicationEvent.ADD_HEARING_DOCUMENT
        return attachments.store(application, kind, data, name, actor, now, event=event)


@transaction.atomic
def remove_from_hearing(
    application_id: UUID,
    attachment_id: int,
    *,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Remove an extract that no hearing has taken along, also while another question is open.

    Raises Changed, NotPossible if it was sent or removed, NotYourCase, and bias.
    """
    case = locked(application_id, person, version, now=now)
    require(case.obstacles_to_handle(Action.HEAR))
    document = hearing_documents.unsent(case.application).filter(pk=attachment_id).first()
    if document is None:
        raise NotPossible
    unsent_extracts.remove_one(document, actor=actor, now=now)
    transition.save(case.application, now=now)


def send(
    hearing: InformationRequest, chosen: Collection[int], *, actor: Actor, now: datetime
) -> list[str]:
    """Send the chosen documents with the hearing of a locked order; remove the others.

    Return the hashes of the sent documents.
    """
    hashes = []
    for document in hearing_documents.unsent(hearing.application).filter(pk__in=chosen):
        document.request = hearing
        document.save(update_fields=["request"])
        hashes.append(document.sha256)
    unsent_extracts.remove(hearing.application, actor=actor, now=now)
    return hashes
