"""Requires, before anything is signed, that the log of events has the approvals."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from certportal.foundation.actors import Actor
from certportal.foundation.combined_queries import Rows, compiled_for
from certportal.foundation.event_log import stored
from certportal.foundation.event_log.files import LogFiles, folder, logged_number
from certportal.foundation.event_log.leaves import event_of, number_of
from certportal.foundation.event_log.tiles import WIDTH, tile_at
from certportal.foundation.events import subject_of
from certportal.foundation.models import Event
from certportal.foundation.prepared_statements import Among
from issuance.event_names import IssuanceEvent
from issuance.models import PreparedCertificate
from issuance.services.errors import Unproven
from issuance.services.event_log import build, key

FAR = 100_000
"""The search for an event ends where all numbers are lower than its own by more than this."""


_VOIDED = f'{{"action":"{IssuanceEvent.VOIDED}",'.encode()
type _Attempt = tuple[str, str]
"""The id of an attempt and the SHA-256 of its bytes: after a restore an id may be given again."""


def ensure_logged(
    attempts: Sequence[PreparedCertificate], approved: Iterable[tuple[int, UUID]]
) -> None:
    """Append committed events to the log, and require the approvals of these bytes there.

    ``approved``: of each approval of the attempts the attempt's id and the person.

    Raises Unproven if an approval's event is not in the log exactly as in the database, or if the
    attempt was voided; LogUnavailable; CopyUnavailable unless the second place has the log too.
    Without a key there is no log, and nothing is checked.
    """
    if not key.is_wanted():
        return
    build.extend_wholly()
    events = _events_about([str(each.pk) for each in attempts]).alone()
    approvals = _approvals_among(events, attempts)
    logged, voided = set[int](), _voided_among(events)
    leaves = _stored([number for numbers in approvals.values() for number in numbers])
    for entries in _back_to(leaves):
        logged |= _same(leaves, entries)
        voided |= {_attempt_of(each) for each in entries.values() if each.startswith(_VOIDED)}
    for each in attempts:
        if (str(each.pk), each.tbs_sha256) in voided:
            raise Unproven(f"attempt {each.pk} was voided, but is marked as being signed")
    for attempt, person in approved:
        if not approvals[attempt, str(Actor("person", str(person)))] & logged:
            raise Unproven(f"the approval of attempt {attempt} by {person} is not in the log")


def ensure_in_time(ends: Mapping[PreparedCertificate, datetime]) -> None:
    """Raise Unproven unless the signing of each of these expired attempts began before its end.

    The log must have the event of that; without a key nothing is checked.
    """
    if not (ends and key.is_wanted()):
        return
    build.extend_wholly()
    begun = {
        attempt: [each.pk for each in _events(attempt, IssuanceEvent.SIGNING) if each.at < end]
        for attempt, end in ends.items()
    }
    logged = among_leaves([number for numbers in begun.values() for number in numbers])
    for attempt, numbers in begun.items():
        if not logged & set(numbers):
            raise Unproven(
                f"attempt {attempt.pk} is to be signed, but expired before signing began"
            )


def _events(attempt: PreparedCertificate, action: IssuanceEvent) -> list[Event]:
    """Return the events of this kind about these very bytes."""
    found = Event.objects.filter(
        object_type=subject_of(attempt).type, object_id=str(attempt.pk), action=action
    )
    return [each for each in found if each.data.get("tbs_sha256") == attempt.tbs_sha256]


def was_marked(attempt: PreparedCertificate) -> bool:
    """Whether the database has an event that the signing of these bytes was begun."""
    return bool(_events(attempt, IssuanceEvent.SIGNING))


@compiled_for(["an attempt"])
def _events_about(attempts: list[str]) -> Rows:
    """Return the query for the events of approving and voiding the attempts, by their ids."""
    found = Event.objects.filter(
        Among("object_id", "text", attempts),
        object_type=subject_of(PreparedCertificate()).type,
        action__in=[IssuanceEvent.APPROVED.value, IssuanceEvent.VOIDED.value],
    )
    return Rows(found.order_by("pk"))


def _voided_among(events: Iterable[Event]) -> set[_Attempt]:
    """Return the attempts voided according to the database: enough to refuse signing."""
    voided = [each for each in events if each.action == IssuanceEvent.VOIDED]
    return {(each.object_id, each.data.get("tbs_sha256", "")) for each in voided}


def _attempt_of(leaf: bytes) -> _Attempt:
    event = event_of(leaf)
    return event["object_id"], event.get("data", {}).get("tbs_sha256", "")


def _approvals_among(
    events: Iterable[Event], attempts: Iterable[PreparedCertificate]
) -> dict[tuple[int, str], set[int]]:
    """Return the numbers of the events of approving these bytes, by attempt and actor."""
    known = {str(attempt.pk): attempt for attempt in attempts}
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    for event in events:
        attempt, is_approval = known[event.object_id], event.action == IssuanceEvent.APPROVED
        same_bytes = event.data.get("tbs_sha256") == attempt.tbs_sha256
        if is_approval and not event.refused and same_bytes:
            found[attempt.pk, event.actor].add(event.pk)
    return found


def among_leaves(numbers: Collection[int]) -> set[int]:
    """Return which of the events are in the log exactly as in the database."""
    leaves, found = _stored(numbers), set[int]()
    for entries in _back_to(leaves):
        found |= _same(leaves, entries)
    return found


def _stored(numbers: Collection[int]) -> dict[int, bytes]:
    return {number_of(leaf): leaf for leaf in stored.leaves(list(numbers))}


def _same(leaves: Mapping[int, bytes], entries: Mapping[int, bytes]) -> set[int]:
    return {number for number in leaves.keys() & entries if leaves[number] == entries[number]}


def _back_to(leaves: Mapping[int, bytes]) -> Iterator[dict[int, bytes]]:
    """Yield bundles of the log's entries by number, the last first, until all leaves are found."""
    lowest, lacking = min(leaves, default=0), set(leaves)
    for bundle in _backwards():
        entries = {logged_number(entry): entry for entry in bundle}
        yield entries
        lacking -= _same(leaves, entries)
        if not lacking or max(entries) < lowest - FAR:
            break


def _backwards() -> Iterator[list[bytes]]:
    """Yield the bundles of the log's entries, the last first."""
    files = LogFiles(folder())
    head = files.head(key.published())
    size = head.size if head else 0
    for index in reversed(range(-(-size // WIDTH))):
        yield files.bundle(tile_at(0, index, size))
