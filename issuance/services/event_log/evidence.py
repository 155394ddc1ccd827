"""Nothing is signed on approvals that the log of events does not have."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from certportal.foundation.actors import Actor
from certportal.foundation.event_log import stored
from certportal.foundation.event_log.files import LogFiles, folder, logged_number
from certportal.foundation.event_log.leaves import number_of
from certportal.foundation.event_log.tiles import WIDTH, tile_at
from certportal.foundation.events import subject_of
from certportal.foundation.models import Event
from issuance.event_names import IssuanceEvent
from issuance.models import Approval, PreparedCertificate
from issuance.services.errors import Unproven
from issuance.services.event_log import build, key

FAR = 100_000
"""An event is not sought further back than where all numbers are lower than its own by this."""


def ensure_logged(attempts: Sequence[PreparedCertificate]) -> None:
    """Take what is committed into the log, and find there who approved these bytes.

    Raises Unproven unless each approval's event is a leaf, as it stands in the database,
    LogUnavailable, and CopyUnavailable unless the second place has the log too.
    Without a key there is no log, and nothing is asked.
    """
    if not key.is_wanted():
        return
    build.extend_wholly()
    told = _told(attempts)
    logged = among_leaves([number for numbers in told.values() for number in numbers])
    rows = Approval.objects.filter(prepared__in=attempts).values_list("prepared_id", "person_id")
    for attempt, person in rows.order_by("pk"):
        if not told[attempt, str(Actor("person", str(person)))] & logged:
            raise Unproven(f"the approval of attempt {attempt} by {person} is not in the log")


def _told(attempts: Sequence[PreparedCertificate]) -> dict[tuple[int, str], set[int]]:
    """Return the numbers of the events of approving these bytes, by attempt and actor."""
    known = {str(attempt.pk): attempt for attempt in attempts}
    kind = subject_of(attempts[0]).type
    events = Event.objects.filter(
        object_type=kind, object_id__in=known, action=IssuanceEvent.APPROVED, refused=False
    )
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    for event in events:
        attempt = known[event.object_id]
        if event.data.get("tbs_sha256") == attempt.tbs_sha256:
            found[attempt.pk, event.actor].add(event.pk)
    return found


def among_leaves(numbers: Collection[int]) -> set[int]:
    """Return which of the events are leaves of the log as they stand in the database."""
    leaves = {number_of(leaf): leaf for leaf in stored.leaves(list(numbers))}
    lowest, found = min(leaves, default=0), set[int]()
    for bundle in _backwards():
        there = {logged_number(entry): entry for entry in bundle}
        found |= {number for number in leaves.keys() & there if leaves[number] == there[number]}
        if found == leaves.keys() or max(there) < lowest - FAR:
            break
    return found


def _backwards() -> Iterator[list[bytes]]:
    """Yield the entries of the log, the last bundle first."""
    files = LogFiles(folder())
    head = files.head(key.published())
    size = head.size if head else 0
    for index in reversed(range(-(-size // WIDTH))):
        yield files.bundle(tile_at(0, index, size))
