"""Compares the register of approvers, a file among the CA's keys, with the events of changes."""

from collections.abc import Iterable, Iterator

from django.db import transaction

from certportal.foundation.event_log import logged_events
from certportal.foundation.event_log.logged_events import Told
from certportal.foundation.event_log.verifying import Kind
from certportal.foundation.models import Event
from issuance.approvers.register import Approver, Register
from issuance.event_names import IssuanceEvent
from issuance.services import locks
from issuance.services.approvers import register
from issuance.services.approvers.enrolled import KIND
from issuance.services.approvers.register import RegisterUnavailable

NAMES = (IssuanceEvent.APPROVER_ENROLLED, IssuanceEvent.APPROVER_ENDED)
"""The events of the register's changes."""


def differences() -> Iterator[tuple[Kind, str]]:
    """Yield each difference: its kind, and in words whose passkey, who and when, as far as known.

    Called outside a transaction, with the events in the table `told`. Holds the register's lock, so
    that no change is under way.
    """
    with transaction.atomic():
        locks.hold(KIND)
        changes = _changes()
        try:
            found = register.written()
        except RegisterUnavailable as error:
            yield Kind.UNTOLD, str(error)
            return
    newest = str(changes[-1].data.get("register", "")) if changes else ""
    if found.digest == newest:
        return
    named = list(_entries(found, changes))
    yield from named
    if not named:
        whom = changes[-1].whom if changes else "nobody"
        yield Kind.UNTOLD, f"register of approvers ({found.digest}): last changed by {whom}"


def _changes() -> list[Told]:
    """Return the changes, also those since the rows were read."""
    changes = list(logged_events.of(NAMES))
    last = max((each.event for each in changes), default=0)
    later = Event.objects.filter(object_type=KIND, action__in=NAMES, refused=False, pk__gt=last)
    for event in later.order_by("pk"):
        whom = f"{event.actor} at {event.at:%Y-%m-%dT%H:%M:%SZ} (event {event.pk})"
        changes.append(Told(event.pk, event.action, event.object_id, event.data, whom))
    return changes


def _entries(found: Register, changes: Iterable[Told]) -> Iterator[tuple[Kind, str]]:
    """Yield passkeys in force without an event of enrolment, and enrolled ones not in force."""
    held: dict[str, Told] = {}
    ended: dict[str, Told] = {}
    for change in changes:
        if change.data.get("number") == 1:  # another register was begun
            held, ended = {}, {}
        is_end = change.action == IssuanceEvent.APPROVER_ENDED
        (ended if is_end else held)[_key(change)] = change
        (held if is_end else ended).pop(_key(change), None)
    for entry in (each for each in found.approvers if each.until is None):
        enrolled = held.pop(entry.fingerprint, None)
        if enrolled and _matches(enrolled, entry):
            continue
        if end := ended.get(entry.fingerprint):
            yield Kind.UNDONE, f"end of the approver's passkey {_key(end)} by {end.whom}"
        else:
            whose = f"of person:{entry.person} for {' '.join(entry.environments)}"
            yield Kind.UNTOLD, f"approver's passkey {entry.fingerprint} {whose}"
    for key, change in held.items():
        yield Kind.UNDONE, f"approver's passkey {key}, enrolled by {change.whom}"


def _key(change: Told) -> str:
    return str(change.data.get("fingerprint"))


def _matches(enrolled: Told, entry: Approver) -> bool:
    stated = enrolled.data.get("person"), enrolled.data.get("environments")
    return stated == (entry.person, " ".join(entry.environments))
