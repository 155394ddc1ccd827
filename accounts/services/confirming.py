"""A reviewer's decision that somebody may act for an organisation."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Membership, Person
from accounts.rights import is_unconfirmed
from accounts.services import showing
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused


class OwnRight(NotAllowed):
    """Nobody confirms rights in an organisation they belong to, or did within the year."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _(
                "You act for this organisation, or have done so within the last year, so another"
                " reviewer must confirm the right."
            )
        )


class NothingSeen(Refused):
    """There is neither a document nor a word on by what the right was seen."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Write by what you saw the right, so that another can follow."))


@transaction.atomic
def confirm_right(
    membership_id: int, *, note: str, by: Person | None, actor: Actor, now: datetime
) -> Membership:
    """Hold the member's right to act for shown; a right that is confirmed already stays as it is.

    `note` tells by what the reviewer saw it, at most 300 characters; left empty, it names the
    documents handed in. What the person stated is kept beside it. Raises OwnRight, NothingSeen.
    """
    found = Membership.objects.select_for_update(of=["self"]).select_related("person")
    membership = found.get(pk=membership_id)
    if by is not None and access.is_partial(by, membership.organisation_id, now=now):
        raise OwnRight
    if not is_unconfirmed(membership):
        return membership
    documents = list(showing.documents_about(membership))
    note = note.strip() or ", ".join(one.name for one in documents)[:300]
    if not note:
        raise NothingSeen
    membership.basis = Membership.Basis.REVIEWER_DECISION
    membership.basis_note, membership.confirmed_by, membership.confirmed_at = note, by, now
    membership.save(update_fields=["basis", "basis_note", "confirmed_by", "confirmed_at"])
    events.record(
        "membership.right_confirmed",
        actor=actor,
        now=now,
        object_type="membership",
        object_id=membership.pk,
        organisation_id=membership.organisation_id,
        data={
            "person": str(membership.person_id),
            "stated_basis": membership.stated_basis,
            "documents": [one.sha256 for one in documents],
        },
    )
    return membership
