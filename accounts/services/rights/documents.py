"""Handing in documents that show a right to act, for a reviewer to see before confirming it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, Person, RightDocument
from accounts.rights import is_unconfirmed, right_of
from certportal.foundation import events, limits, storing
from certportal.foundation.actors import Actor
from certportal.foundation.documents import check_pdf, clean_name
from certportal.foundation.errors import Refused
from certportal.foundation.scanning.requiring import require_clean

MOST = 5  # documents of one person about one organisation at a time
MOST_A_DAY = 20
MOST_A_DAY_FROM = 200


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as it was handed in: its bytes and the name its owner gave it."""

    data: bytes
    name: str


class NothingToShow(Refused):
    """The right to act has been confirmed, or the person has none to show."""

    status = 409

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Your right to act has been confirmed. No document is needed."))


class Enough(Refused):
    """As many documents as we take are there."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Five documents are there already. Take one away first."))


def unshown(person: Person, organisation: Organisation) -> Membership | None:
    """Return the unconfirmed membership that the member's right rests on; None if there is none.

    A technical member orders nothing and has nothing to show.
    """
    own = organisation.memberships.filter(person=person, ended_at=None).first()
    if own is None or own.role == Membership.Role.TECHNICAL:
        return None
    right = right_of(person, organisation)
    return right if is_unconfirmed(right) else None


def hand_in(
    person: Person, organisation: Organisation, paper: Paper, *, actor: Actor, now: datetime
) -> RightDocument:
    """Keep the document for the reviewer who will judge the person's right.

    Raises NothingToShow, Enough, TooMany, Unfit, and Unavailable when the scanner does not answer.
    """
    if unshown(person, organisation) is None:
        raise NothingToShow
    require_fit(person, paper, actor=actor, now=now)
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        if organisation.right_documents.filter(person=person).count() >= MOST:
            raise Enough
        return keep(person, organisation, paper, actor=actor, now=now)


def require_fit(person: Person, paper: Paper, *, actor: Actor, now: datetime) -> None:
    """Raise Unfit unless the paper is a whole, passive PDF without a known virus.

    Raises TooMany, and Unavailable when the scanner does not answer; no transaction may be open.
    """
    day = timedelta(days=1)
    most = {"most": MOST_A_DAY, "most_from": MOST_A_DAY_FROM}
    limits.spend_by("right_document", actor, **most, per=day, now=now)
    check_pdf(paper.data)
    require_clean(paper.data, object_type="person", object_id=person.pk, actor=actor, now=now)


def keep(
    person: Person, organisation: Organisation, paper: Paper, *, actor: Actor, now: datetime
) -> RightDocument:
    """Store a paper that `require_fit` has let pass. Raises NotStored."""
    document = RightDocument(
        organisation=organisation,
        person=person,
        name=clean_name(paper.name),
        size=len(paper.data),
        sha256=hashlib.sha256(paper.data).hexdigest(),
        handed_in_at=now,
    )
    document.file.name = storing.write(paper.data)
    document.save()
    _record("right_document.handed_in", document, actor, now)
    return document


@transaction.atomic
def take_back(document_id: int, *, actor: Actor, now: datetime) -> None:
    """Remove a document while nobody has relied on it. Raises NothingToShow."""
    locked = RightDocument.objects.select_for_update(of=["self"])
    document = locked.select_related("person", "organisation").get(pk=document_id)
    if unshown(document.person, document.organisation) is None:
        raise NothingToShow
    _record("right_document.taken_back", document, actor, now)
    storing.delete(document.file.name)
    document.delete()


def documents_about(right: Membership) -> QuerySet[RightDocument]:
    """Return what members of the account, present or past, have handed in about it."""
    members = Membership.objects.filter(organisation=right.organisation_id).values("person")
    found = RightDocument.objects.filter(organisation=right.organisation_id, person__in=members)
    return found.select_related("person")


def erase(documents: QuerySet[RightDocument]) -> None:
    """Delete the rows and, once that is committed, the files: their time is over."""
    for document in documents:
        storing.delete(document.file.name)
    documents.delete()


def _record(action: str, document: RightDocument, actor: Actor, now: datetime) -> None:
    events.record(
        action,
        actor=actor,
        now=now,
        object_type="right_document",
        object_id=document.pk,
        organisation_id=document.organisation_id,
        data={"sha256": document.sha256, "size": document.size},
    )
