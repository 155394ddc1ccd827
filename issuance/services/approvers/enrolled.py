"""Which passkeys are enrolled according to events: for pages. The CA reads its register instead."""

from collections.abc import Collection

from certportal.foundation.models import Event
from issuance.event_names import IssuanceEvent

KIND = "approvers"


def fingerprints(environments: Collection[str]) -> frozenset[str]:
    """Return the fingerprints of the passkeys that count now in all of these environments."""
    changes = Event.objects.filter(object_type=KIND, refused=False).order_by("pk")
    found: dict[str, set[str]] = {}
    for action, data in changes.values_list("action", "data"):
        if data.get("number") == 1:  # another register was begun
            found.clear()
        if action == IssuanceEvent.APPROVER_ENROLLED:
            found[data["fingerprint"]] = set(data["environments"].split())
        elif action == IssuanceEvent.APPROVER_ENDED:
            found.pop(data["fingerprint"], None)
    return frozenset(key for key, counts_in in found.items() if counts_in >= {*environments})
