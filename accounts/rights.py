"""On what somebody's right to act for an organisation rests."""

from django.db.models import F, Q, QuerySet

from accounts.models import Membership, Organisation, Person
from accounts.services.people import present

# What shows nothing by itself: the founder's own word, and somebody else's invitation.
SHOW_NOTHING = (Membership.Basis.UNVERIFIED, Membership.Basis.INVITATION)


def right_of(person: Person, organisation: Organisation) -> Membership | None:
    """Return the membership, present or last, that the person's right to act rests on.

    Whoever was invited has their right from the account, and so from its founding: an invitation
    by somebody whose right nobody has confirmed shows nothing more than they could themselves,
    also where it is the founder who has left and comes back by it.
    """
    own = _memberships(person, organisation).first()
    if own is None or own.basis != Membership.Basis.INVITATION:
        return own
    founding = _memberships(organisation.founded_by, organisation)
    return founding.exclude(basis=Membership.Basis.INVITATION).first() or own


def is_unconfirmed(right: Membership | None) -> bool:
    """Whether the right is one that a reviewer has yet to confirm."""
    return right is not None and right.basis in SHOW_NOTHING


def _memberships(person: Person, organisation: Organisation) -> QuerySet[Membership]:
    """Return what the person, or who was merged into them, had in the account, latest first."""
    today = present(person)
    held = organisation.memberships.filter(Q(person=today) | Q(person__merged_into=today))
    return held.select_related("person", "confirmed_by").order_by(
        F("ended_at").desc(nulls_first=True), "-begun_at", "-id"
    )
