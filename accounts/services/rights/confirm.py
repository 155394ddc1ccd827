"""A reviewer's confirmation that a person may act for an organisation."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.event_names import AccountEvent
from accounts.models import Membership, Person, RightDocument
from accounts.right_to_act import may_be_confirmed, resting_on, shown_members
from accounts.services import mailing
from accounts.services.rights import askers, documents as documents_rights
from accounts.weak_evidence import require_in_range
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused, Stale
from certportal.foundation.text.wording import filled


class OwnRight(NotAllowed):
    """The reviewer is, or was within a year, a member of the organisation (hallintolaki 28 §)."""

    message = filled(
        _(
            "You act for this organisation, or have acted or asked to act for it within the last"
            " %(months)s months, so another reviewer must confirm the right."
        ),
        months=access.ESTRANGED_MONTHS,
    )


class NothingSeen(Refused):
    message = _("Write what showed you the authority, so that somebody else can check it.")


class SameAsBefore(Refused):
    message = _(
        "The note is the same as when the person's word alone showed the right. Write what better"
        " evidence you have seen, or choose a last day."
    )


class ConfirmedAlready(Stale):
    message = _("The authority is confirmed already: nothing was recorded now.")


class OtherEvidence(Stale):
    message = _(
        "Since you opened the page, somebody has confirmed the authority to act, withdrawn its"
        " confirmation, or uploaded or taken back a document about it. Nothing was recorded now."
        " Look at it as it is now."
    )


def says_nothing_new(membership: Membership, note: str) -> bool:
    """Whether the right was confirmed on the person's word alone, with the same note."""
    return membership.is_weak and note.strip() == membership.basis_note


@transaction.atomic
def confirm_right(
    membership_id: int,
    *,
    note: str,
    until: date | None = None,
    shown: str | None = None,
    by: Person | None,
    actor: Actor,
    now: datetime,
) -> Membership:
    """Confirm the member's right to act.

    If a reviewer confirms it (`by`), everybody whose right is thereby confirmed, or gets another
    last day, is notified, members invited by the person included. Administrators who become
    confirmed are mailed the open requests to be invited.

    `note`: the evidence that the reviewer saw, at most 300 characters; if empty, the names of the
    documents handed in. `until`: the last day of a confirmation on the person's word alone; the
    note is then its reason. `shown`: the mark of what the page showed (`documents.mark_of`); None
    without a page. The person's own statement is kept. Raises OwnRight, ConfirmedAlready if it is
    confirmed without an end, OtherEvidence, NothingSeen, EndOutOfRange, and SameAsBefore if better
    evidence is claimed with the old note.
    """
    found = Membership.objects.select_for_update(of=["self"])
    membership = found.select_related("person", "organisation").get(pk=membership_id)
    if by is not None and access.is_partial(by, membership.organisation_id, now=now):
        raise OwnRight
    if not may_be_confirmed(membership):
        raise ConfirmedAlready
    documents = _documents(membership, shown)
    note = note.strip() or ("" if until else ", ".join(each.name for each in documents)[:300])
    _require_evidence(membership, note, until, now)
    known, before = shown_members(membership.organisation), membership.confirmed_until
    decided = Membership.Basis.REVIEWER_DECISION
    set_basis(membership, decided, note=note, by=by, at=now, until=until)
    name, last_day = AccountEvent.MEMBERSHIP_RIGHT_CONFIRMED, until.isoformat() if until else ""
    data: dict[str, Any] = {"stated_basis": membership.stated_basis, "until": last_day}
    data["documents"] = [each.sha256 for each in documents]
    events.record(name, membership, actor, now, **data)
    new = [each for each in shown_members(membership.organisation) if each not in known]
    if by is not None:
        _tell([membership], membership, now=now)
        tell_invited(membership, known=known, before=before, now=now)
    new_administrators = [each for each in new if each.role == Membership.Role.ADMINISTRATOR]
    askers.tell_of(askers.waiting(membership.organisation), new_administrators, now=now)
    return membership


def _documents(membership: Membership, shown: str | None) -> list[RightDocument]:
    """Return the documents handed in; raises OtherEvidence unless the page showed these."""
    documents = list(documents_rights.documents_about(membership))
    if shown is not None and shown != documents_rights.mark_of(documents, membership):
        raise OtherEvidence
    return documents


def _require_evidence(membership: Membership, note: str, until: date | None, now: datetime) -> None:
    """Raise NothingSeen, EndOutOfRange or SameAsBefore; arguments as in `confirm_right`."""
    if not note:
        raise NothingSeen
    if until is not None:
        require_in_range(until, now)
    elif says_nothing_new(membership, note):
        raise SameAsBefore


def tell_invited(
    right: Membership, *, known: Sequence[Membership], before: date | None, now: datetime
) -> None:
    """Mail the right's confirmation to the members whose right derives from it and changes by it.

    `known`: the members whose right was confirmed before; `before`: the last day of the right then.
    """
    changed = right.confirmed_until != before
    _tell([each for each in resting_on(right) if changed or each not in known], right, now=now)


def _tell(members: Sequence[Membership], right: Membership, *, now: datetime) -> None:
    """Mail the right's confirmation to those of the members who can order."""
    orderers = [each for each in members if each.role != Membership.Role.TECHNICAL]
    people = [each.person for each in orderers if each.ended_at is None]
    mailing.enqueue_for(people, "right_confirmed", right, now=now)


def set_basis(
    membership: Membership,
    basis: Membership.Basis,
    *,
    note: str = "",
    by: Person | None = None,
    at: datetime | None = None,
    until: date | None = None,
) -> None:
    """Save the basis of the right, and by whom and when it was confirmed; the statement stays."""
    membership.basis, membership.basis_note = basis, note
    membership.confirmed_by, membership.confirmed_at = by, at
    membership.confirmed_until = until
    membership.save(
        update_fields=["basis", "basis_note", "confirmed_by", "confirmed_at", "confirmed_until"]
    )
