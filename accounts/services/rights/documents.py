"""Documents that show a right to act, handed in for the reviewer who will confirm it."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.event_names import AccountEvent
from accounts.models import BelongsTo, Membership, Organisation, Person, RightDocument
from accounts.right_to_act import has_ended, is_unconfirmed, right_of
from accounts.services.document_files import remove_documents
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.files import storing
from certportal.foundation.files.documents import check_pdf, clean_name
from certportal.foundation.files.faults import DamagedFile
from certportal.foundation.files.scanning.protocol import require_clean
from certportal.foundation.text.wording import filled
from certportal.foundation.turns import AllTaken
from certportal.foundation.web import limits

MOST = 5  # documents of one person about one organisation at a time
MOST_A_DAY = 20
MOST_A_DAY_FROM = 200
KNOWN_FOR = timedelta(hours=1)
"""How long the check of a held document holds."""


@dataclass(frozen=True, slots=True)
class Paper:
    """An uploaded file: its bytes and its file name as given."""

    data: bytes
    name: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class NothingToShow(Refused):
    status = 409

    message = _("Your authority to act has been confirmed. No document is needed.")


class NotMember(Refused):
    status = 409

    message = _(
        "You no longer belong to this organisation's account, so you cannot upload or remove"
        " documents about it."
    )


class NothingAsked(Refused):
    status = 409

    message = _("A technical member needs no authority to act. No document is needed.")


class Enough(Refused):
    message = filled(
        _(
            "You have uploaded %(most)s documents about the organisation already. Remove one"
            " first, or contact us if you cannot."
        ),
        most=MOST,
    )


class NoLongerHeld(Refused):
    status = 409

    message = _("The attached document is no longer here. Choose the file again.")


def to_show(person: Person, organisation: Organisation) -> Membership | None:
    """Return the membership whose right a document of the person may show, or None.

    It is the one that the person's right derives from, as long as it is unconfirmed or confirmed
    on somebody's word alone. Always None for a technical member, who needs no right to act.
    """
    try:
        return _require_to_show(person, organisation)
    except (NotMember, NothingAsked, NothingToShow):
        return None


def unshown(person: Person, organisation: Organisation, *, on: date) -> Membership | None:
    """Return that membership if it is unconfirmed that day, or its last day is over."""
    right = to_show(person, organisation)
    return right if is_unconfirmed(right) or has_ended(right, on=on) else None


def handed_in(person: Person, organisation: Organisation) -> RightDocument | None:
    """Return the document that the person handed in last and no reviewer has judged yet."""
    if to_show(person, organisation) is None:
        return None
    return _unjudged(person, organisation).first()


def _unjudged(person: Person, organisation: Organisation) -> QuerySet[RightDocument]:
    """Return the person's documents without those that a confirmation on their word came after."""
    theirs = organisation.right_documents.filter(person=person)
    right = right_of(person, organisation)
    if right is not None and right.is_weak:
        theirs = theirs.filter(handed_in_at__gt=right.confirmed_at)
    return theirs


def _require_to_show(person: Person, organisation: Organisation) -> Membership:
    """Return what `to_show` does. Raises NotMember, NothingAsked, NothingToShow."""
    own = access.current_membership(person, organisation.pk)
    if own is None:
        raise NotMember
    if own.role == Membership.Role.TECHNICAL:
        raise NothingAsked
    right = right_of(person, organisation)
    if right is None or not (right.is_unconfirmed or right.is_weak):
        raise NothingToShow
    return right


def hand_in(
    person: Person, organisation: Organisation, paper: Paper, *, actor: Actor, now: datetime
) -> RightDocument:
    """Check and store the document for the reviewer who will judge the person's right.

    Membership and right are checked again under the account's lock, because they may have changed
    during the upload. Raises NotMember, NothingAsked, NothingToShow, Enough, TooMany, Unfit, and
    Unavailable if the scanner does not answer.
    """
    _require_to_show(person, organisation)
    require_fit(person, paper, actor=actor, now=now)
    with storing.atomic():
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        _require_to_show(person, organisation)
        return keep(person, organisation, paper, actor=actor, now=now)


def require_fit(person: Person, paper: Paper, *, actor: Actor, now: datetime) -> None:
    """Raise Unfit unless the paper is a complete PDF without active content or a known virus.

    One that is held for the person was checked, and counted, when it was held; after `KNOWN_FOR` it
    is again, since scanners learn of viruses. Raises TooMany, and Unavailable when the scanner does
    not answer. Call outside a transaction.
    """
    lately = _held(person).filter(handed_in_at__range=clock.recently(KNOWN_FOR, now=now))
    if lately.filter(sha256=paper.sha256).exists():
        return
    day = timedelta(days=1)
    most = {"most": MOST_A_DAY, "most_from": MOST_A_DAY_FROM}
    with limits.undone_by(AllTaken):
        limits.spend_by("right_document", actor, **most, per=day, now=now)
        check_pdf(paper.data)
    require_clean(paper.data, AccountEvent.PERSON_VIRUS_REFUSED, person, actor=actor, now=now)


def keep(
    person: Person, organisation: Organisation, paper: Paper, *, actor: Actor, now: datetime
) -> RightDocument:
    """Store a paper that has passed `require_fit`, in the caller's transaction.

    The same bytes are stored once, as after a double click. What is held for the person's other
    forms stays. Raises Enough and NotStored.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    theirs = _unjudged(person, organisation)
    let_go(person, paper)
    if same := theirs.filter(sha256=paper.sha256).first():
        return same
    if theirs.count() >= MOST:
        raise Enough
    document = _stored(person, paper, now, organisation=organisation)
    events.record(AccountEvent.RIGHT_DOCUMENT_HANDED_IN, document, actor, now)
    return document


def hold(
    person: Person,
    paper: Paper,
    *,
    form: str,
    instead_of: RightDocument | None = None,
    actor: Actor,
    now: datetime,
) -> RightDocument:
    """Store a fit paper until the form in which it was chosen is accepted, so that it is not lost.

    Only the person sees it. `form` names the form and its organisation; `instead_of`: the one that
    was held for the form before. Of several forms the newest `MOST` papers are held. Raises what
    `require_fit` raises, and NotStored.
    """
    if same := _held(person).filter(sha256=paper.sha256, held_by=form).first():
        return same
    require_fit(person, paper, actor=actor, now=now)
    others = _held(person).exclude(pk__in=[instead_of.pk] if instead_of else [])
    newest = [other.pk for other in others[: MOST - 1]]
    with storing.atomic():
        remove_documents(_held(person).exclude(pk__in=newest))
        return _stored(person, paper, now, held_by=form)


def let_go(person: Person, paper: Paper | None) -> None:
    """Remove the paper that is held for the person's form; without one all, whatever the form."""
    held = _held(person)
    remove_documents(held if paper is None else held.filter(sha256=paper.sha256))


def held(person: Person, key: str, *, form: str) -> RightDocument | None:
    """Return the document with this key that is held for the person's form, or None."""
    if not re.fullmatch("[0-9]{1,18}", key):
        return None
    return _held(person).filter(pk=key, held_by=form).first()


def read_held(document: RightDocument) -> Paper:
    """Return the held document as it was given. Raises NoLongerHeld, and Unavailable."""
    try:
        return Paper(storing.read(document.file), document.name)
    except DamagedFile:
        raise NoLongerHeld from None


def _held(person: Person) -> QuerySet[RightDocument]:
    return RightDocument.objects.filter(person=person, organisation=None)


def _stored(
    person: Person,
    paper: Paper,
    now: datetime,
    *,
    organisation: Organisation | None = None,
    held_by: str = "",
) -> RightDocument:
    document = RightDocument(
        organisation=organisation,
        held_by=held_by,
        person=person,
        name=clean_name(paper.name),
        size=len(paper.data),
        sha256=paper.sha256,
        handed_in_at=now,
    )
    document.file.name = storing.write(paper.data)
    document.save()
    return document


@transaction.atomic
def take_back(document_id: int, *, actor: Actor, now: datetime) -> None:
    """Delete a document whose right is still unconfirmed: no confirmation rests on it.

    The right is looked at under the account's lock, under which it is confirmed. Does nothing if
    the document is gone. Raises NotMember, NothingAsked, NothingToShow.
    """
    handed_in = RightDocument.objects.filter(pk=document_id).values("organisation")
    Organisation.objects.select_for_update(no_key=True).filter(pk__in=handed_in).first()
    locked = RightDocument.objects.select_for_update(of=["self"]).filter(pk=document_id)
    document = locked.select_related("person", "organisation").first()
    if document is None or document.organisation is None:
        return
    if not is_unconfirmed(_require_to_show(document.person, document.organisation)):
        raise NothingToShow
    events.record(AccountEvent.RIGHT_DOCUMENT_TAKEN_BACK, document, actor, now)
    storing.delete(document.file.name)
    document.delete()


def documents_about(right: Membership) -> QuerySet[RightDocument]:
    """Return the documents about the account from all its current and former members.

    Also what these handed in at the accounts it succeeded, since they hand it in only once.
    """
    members = Membership.objects.filter(organisation=right.organisation_id).values("person")
    about = BelongsTo("organisation", right.organisation_id)
    return RightDocument.objects.filter(about, person__in=members).select_related("person")


def mark_of(found: Iterable[RightDocument], right: Membership | None = None) -> str:
    """Return the mark by which a page tells which documents it showed; "" for none.

    Of a `right` that is confirmed already, also which confirmation.
    """
    keys = sorted(f"{one.pk} {one.sha256}" for one in found)
    if right is not None and right.confirmed_at is not None:
        keys.append(right.confirmed_at.isoformat())
    return hashlib.sha256("\n".join(keys).encode()).hexdigest() if keys else ""
