"""Verifies the log against the database and the heads kept outside it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from accounts.services.rights import told_accounts, told_rights
from certportal.foundation.database import kept_tables
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log import logged_events, stored
from certportal.foundation.event_log.files import LogFiles, LogUnavailable, folder
from certportal.foundation.event_log.logged_events import Told
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.verifying import Finding, Kind, Report, verify
from certportal.foundation.files.other_disks import within_limit
from certportal.foundation.models import Event
from issuance.approvers.register import Approver, Register
from issuance.event_names import IssuanceEvent
from issuance.services import locks
from issuance.services.approvers import register
from issuance.services.approvers.enrolled import KIND
from issuance.services.approvers.register import RegisterUnavailable
from issuance.services.auditing import rows, settled
from issuance.services.event_log import anchors, build, cosigned, key, stamps


def verify_audit(*, places: Sequence[Path] = (), verifier: Verifier | None = None) -> Report:
    """Compare tiles, database and anchors: those in events, in EVENT_LOG_ANCHORS and in `places`.

    Then rows are compared with the events about them: approvals, certificates and their revocation,
    blocked keys, authorities, sealed papers, roles, second factors, work on certificates and what
    gives rights in customer accounts, and the register of approvers.

    If this process has the log's key, committed events are appended to the log first. Raises
    LogUnavailable if the log cannot be read for another reason than that it was changed, OSError
    if an anchor cannot be read.
    """
    with suppress(Unavailable):  # faults of the log are found below
        build.extend_wholly()
    verifier = verifier or key.published()
    known = [Path(settings.EVENT_LOG_ANCHORS)] if settings.EVENT_LOG_ANCHORS else []
    places = [*(place for place in known if within_limit(place, place.exists)), *places]
    notes = [*anchors.notes_in_events(verifier.name), *anchors.kept_in(places)]
    # Read once: the log may grow meanwhile, and is only read up to the present head.
    horizon = build.horizon()
    names = {*rows.NAMES, *told_rights.NAMES, *told_accounts.NAMES, *NAMES}
    with logged_events.collecting(names) as collected:
        report = verify(
            LogFiles(folder()),
            verifier,
            stored.every_leaf(),
            horizon=horizon,
            notes=notes,
            see=collected.see,
        )
        if report.is_of_whole_log:
            with collected.complete(horizon):
                _add_differences(report, rows.differences())
                for module in (told_rights, told_accounts):
                    told = logged_events.of(module.NAMES)
                    _add_differences(report, module.differences(told))
            _add_differences(report, differences())
    stamps.verify(verifier, places, report)
    if report.is_of_whole_log:
        cosigned.verify(verifier, report)
    for model in kept_tables.every_model():
        if not kept_tables.is_kept_as_said(connection, model):
            report.add(Kind.UNKEPT, model._meta.db_table)
    return report


def _add_differences(report: Report, differences: Iterable[tuple[Kind, str]]) -> None:
    """Add the differences between rows and events to the report; only count settled ones."""
    known = settled.lines()
    for kind, about in differences:
        if str(Finding(kind, about)) in known:
            report.settled += 1
        else:
            report.add(kind, about)


def restore_events() -> int:
    """Enter into the database the events that only the log has; return how many.

    For use after a backup was restored: events that the database lost get their numbers back, and
    later events get higher ones. Without a log nothing is done. Raises LogUnavailable if the log
    itself is damaged.
    """
    files = LogFiles(folder())
    if not files.note():
        return 0
    report = verify(files, key.published(), stored.every_leaf(), horizon=build.horizon())
    if damage := {Kind.ENTRY, Kind.TILE, Kind.HEAD} & report.count.keys():
        raise LogUnavailable(
            f"nothing was inserted, since the log is damaged: {', '.join(sorted(damage))}"
        )
    wanted, first = set(report.missing), min(report.missing, default=report.size)
    entries = enumerate(files.entries(first, report.size), first)
    count = stored.insert(entry for at, entry in entries if at in wanted)
    last = Event.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    stored.lift_numbers(max(build.horizon(), last))
    return count


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
    for passkey, change in held.items():
        yield Kind.UNDONE, f"approver's passkey {passkey}, enrolled by {change.whom}"


def _key(change: Told) -> str:
    return str(change.data.get("fingerprint"))


def _matches(enrolled: Told, entry: Approver) -> bool:
    stated = enrolled.data.get("person"), enrolled.data.get("environments")
    return stated == (entry.person, " ".join(entry.environments))
