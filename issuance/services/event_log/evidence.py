"""Requires, before anything is signed, that the log of events has the approvals."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from certportal.foundation.actors import Actor
from certportal.foundation.event_log import stored
from certportal.foundation.event_log.files import LogFiles, folder, logged_number
from certportal.foundation.event_log.leaves import event_of, number_of
from certportal.foundation.event_log.tiles import WIDTH, tile_at
from certportal.foundation.events import subject_of
from certportal.foundation.models import Event
from issuance.event_names import IssuanceEvent
from issuance.models import PreparedCertificate
from issuance.services.errors import Unproven
from issuance.services.event_log import build, key

FAR = 100_000
"""The search for an event ends where all numbers are lower than its own by more than this."""


_APPROVED = IssuanceEvent.APPROVED.value
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
    leaves, logged = _about([str(each.pk) for each in attempts]), set[bytes]()
    voided = _voided_among(leaves)  # according to the database: enough to refuse signing
    approvals = _approvals_among(leaves, attempts)
    sought = {leaf for given in approvals.values() for leaf in given}
    for entries in _back_to(sought):
        logged |= sought.intersection(entries)
        voided |= _voided_among(entries)
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


def _about(attempts: list[str]) -> list[bytes]:
    """Return the leaves of the events of approving and voiding the attempts, by their ids."""
    actions = [_APPROVED, IssuanceEvent.VOIDED.value]
    return stored.leaves_about(subject_of(PreparedCertificate()).type, attempts, actions)


def _voided_among(leaves: Iterable[bytes]) -> set[_Attempt]:
    return {_attempt_of(event_of(each)) for each in leaves if each.startswith(_VOIDED)}


def _attempt_of(event: Mapping[str, Any]) -> _Attempt:
    return event["object_id"], event.get("data", {}).get("tbs_sha256", "")


def _approvals_among(
    leaves: Iterable[bytes], attempts: Iterable[PreparedCertificate]
) -> dict[tuple[int, str], set[bytes]]:
    """Return the leaves of the events of approving these bytes, by attempt and actor."""
    known = {(str(attempt.pk), attempt.tbs_sha256): attempt.pk for attempt in attempts}
    found: dict[tuple[int, str], set[bytes]] = defaultdict(set)
    for leaf in leaves:
        event = event_of(leaf)
        attempt, is_approval = known.get(_attempt_of(event)), event["action"] == _APPROVED
        if attempt is not None and is_approval and not event["refused"]:
            found[attempt, event["actor"]].add(leaf)
    return found


def among_leaves(numbers: Collection[int]) -> set[int]:
    """Return which of the events are in the log exactly as in the database."""
    sought = set(stored.leaves(list(numbers)))
    found = [sought.intersection(entries) for entries in _back_to(sought)]
    return {number_of(leaf) for leaf in set[bytes]().union(*found)}


def _back_to(leaves: Collection[bytes]) -> Iterator[list[bytes]]:
    """Yield bundles of the log's entries, the last first, until all leaves are found."""
    lowest, lacking = min(map(number_of, leaves), default=0), set(leaves)
    for entries in _backwards():
        yield entries
        lacking.difference_update(entries)
        if not lacking or max(map(logged_number, entries)) < lowest - FAR:
            break


def _backwards() -> Iterator[list[bytes]]:
    """Yield the bundles of the log's entries, the last first."""
    files = LogFiles(folder())
    head = files.head(key.published())
    size = head.size if head else 0
    for index in reversed(range(-(-size // WIDTH))):
        yield files.bundle(tile_at(0, index, size))
