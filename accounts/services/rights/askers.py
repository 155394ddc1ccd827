"""Open requests to be invited to an account, and notifying administrators of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import JoinRequest, Membership, Organisation
from accounts.services import mailing


def waiting(account: Organisation) -> QuerySet[JoinRequest]:
    """Return the account's open requests to be invited."""
    return account.join_requests.filter(settled_at=None)


def tell_of(
    requests: Iterable[JoinRequest], administrators: Sequence[Membership], *, now: datetime
) -> None:
    """Mail each of the administrators about each of the open requests."""
    for request in requests:
        people = (each.person for each in administrators)
        mailing.enqueue_for(people, "join_request", request, now=now)
