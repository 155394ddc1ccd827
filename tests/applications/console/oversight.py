"""What decisions about accounts take, and who is told of them."""

from datetime import datetime
from typing import Any

from accounts.access import actor_for
from accounts.models import Membership, Person
from certportal.dev.builders.mails import written
from certportal.foundation import clock
from certportal.foundation.mail.sending import Message
from certportal.foundation.models import OutboxItem

REASONS = "Kaupparekisterin mukaan hän ei edusta apteekkia."


def told(kind: str = "account_decided") -> list[str]:
    """Return the keys of those to whom a mail of this kind is on its way."""
    return sorted(one.payload["to"] for one in OutboxItem.objects.filter(payload__kind=kind))


def mails(now: datetime) -> dict[str, Message]:
    """Return the mails about decisions by their reader's address."""
    found = OutboxItem.objects.filter(payload__kind="account_decided")
    found_mails = [written(one, now=now) for one in found]
    return {one.to: one for one in found_mails if one is not None}


def given(reviewer: Person, **more: Any) -> dict[str, Any]:
    """Return what a service takes for a decision of the reviewer, now."""
    return {
        "reasons": REASONS,
        "person": reviewer,
        "actor": actor_for(reviewer),
        "now": clock.now(),
    } | more


def right(person: Person) -> Membership:
    """Return the person's one membership that has not ended."""
    return person.memberships.get(ended_at=None)
