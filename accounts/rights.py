"""On what somebody's right to act for an organisation rests."""

from accounts.models import Membership, Organisation, Person
from accounts.services.people import present


def right_of(person: Person, organisation: Organisation) -> Membership | None:
    """Return the membership, present or last, that the person's right to act rests on.

    Whoever was invited has their right from the account, and so from its founder: an invitation
    by somebody whose right nobody has confirmed shows nothing more than they could themselves.
    """
    own = _membership(person, organisation)
    if own is None or own.basis != Membership.Basis.INVITATION:
        return own
    return _membership(organisation.founded_by, organisation) or own


def _membership(person: Person, organisation: Organisation) -> Membership | None:
    held = organisation.memberships.filter(person__in=[person, present(person)])
    return held.select_related("person", "confirmed_by").order_by("-begun_at", "-id").first()
