"""Taking over from a dead signer: its lease, its journal, its open attempts.

A run may be killed after any of these steps; the command is then run again:

1. The lease is taken from its holder and given to nobody: from now on nobody signs.
2. The journal here gets a new id, and the lines and the log of events of the one taken over.
3. If that journal is lost: attempts that were being signed are given up, their serial numbers
   revoked, and the journal here is completed from the database.
4. The lease is given to the journal here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import batched
from pathlib import Path
from typing import Any, cast

import structlog
from cryptography import x509
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.database.statements import execute
from certportal.foundation.errors import Refused
from certportal.foundation.event_log.files import LogUnavailable
from issuance import journal
from issuance.authority.crl import entry
from issuance.event_names import IssuanceEvent
from issuance.faults import reach
from issuance.journal import takeover
from issuance.models import Certificate, IssuingCA, PreparedCertificate, RevokedSerial, SigningLease
from issuance.services import locks
from issuance.services.event_log import build
from issuance.services.issuing.attempts import ca_of
from issuance.services.issuing.issue import refuse
from issuance.services.issuing.sign_attempts import journal_entry
from issuance.services.lease import highest_term
from issuance.services.recovery import log_taken_over

log = structlog.get_logger(__name__)

BATCH = 500


class Source(StrEnum):
    """Where the lines of the journal taken over come from."""

    COPY = "copy"
    HERE = "here"
    LOST = "lost"


class CannotTakeOver(Refused):
    """The signing cannot be taken over in this way."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a take-over would do.

    ``lease``: the present one, None if nobody has had it. ``lines``: certificates in the journal
    taken over. ``leaves``: events in the log taken over, None if there is none. ``given_up``: the
    attempts that would never be signed.
    """

    source: Source
    lease: SigningLease | None
    lines: int
    leaves: int | None
    given_up: list[PreparedCertificate]


def plan(source: Source) -> Plan:
    """Return what a take-over would do, without changing anything. Raises CannotTakeOver."""
    lease = SigningLease.objects.first()
    if lease is not None and lease.journal == journal.identity():
        raise CannotTakeOver(_("The journal of this machine has the lease already."))
    found, taken = _examine(source, _predecessor(lease)), _examine_log(source, _predecessor(lease))
    given_up = _open_attempts(found) if source == Source.LOST else []
    lines = sum(len(each.certificates) for each in found.values())
    return Plan(source, lease, lines, taken.head.size if taken else None, given_up)


def take_over(planned: Plan, *, actor: Actor, now: datetime) -> list[PreparedCertificate]:
    """Give the lease to the journal of this machine; return the attempts given up.

    Raises CannotTakeOver, Unavailable: then nobody signs until the take-over has been run again.
    """
    source, lease = planned.source, _fence(planned.lease, now)
    reach("take_over_after_fence")
    own = journal.renew_identity()
    found, taken = _examine(source, lease.taken_from), _examine_log(source, lease.taken_from)
    for file, each in found.items():
        is_copy = file.parent == journal.place(lease.taken_from)
        if is_copy or each.fault:
            files = [file] if is_copy else journal.every_path(file.stem)
            takeover.adopt(file.stem, files, each.size, aside=f"superseded-{lease.term}")
            reach("take_over_after_adopting")
    _copy()
    if taken:
        log.info("event_log_copying", place=settings.JOURNAL_COPY)
        log_taken_over.adopt(taken)
        reach("take_over_after_log")
    given_up = []
    if source == Source.LOST:
        given_up = _abandon(found, actor, now)
        reach("take_over_after_giving_up")
        _complete_journal()
        _copy()
    build.forget_state()
    reach("take_over_before_finish")
    _finish(lease, own, source, len(given_up), actor, now)
    return given_up


def _predecessor(lease: SigningLease | None) -> str:
    """The id of the journal to take over; "" if none is known."""
    return (lease.journal or lease.taken_from) if lease else ""


type Found = dict[Path, takeover.Examined]


def _examine(source: Source, predecessor: str) -> Found:
    """The content of each CA's journal, by its last file. Raises CannotTakeOver."""
    if source == Source.COPY:
        _require_copy(predecessor)
    found = dict(_read(source, predecessor))
    if source == Source.LOST:
        return found
    for each in found.values():
        if each.fault:
            words = _(
                "%(line)s: the line was changed, torn or moved. Find a whole copy, or run this"
                " with --journal-lost."
            )
            raise CannotTakeOver(words % {"line": each.fault})
    if lacking := sum(1 for _ in _lacking(found)):
        words = _(
            "The journal lacks certificates that the database has: %(count)s. Find the whole"
            " one, or run this with --journal-lost."
        )
        raise CannotTakeOver(words % {"count": lacking})
    return found


def _examine_log(source: Source, predecessor: str) -> log_taken_over.Taken | None:
    """The log of events to continue; None if it is not in the second place."""
    place = journal.place(predecessor) if source != Source.HERE and predecessor else None
    if place is None:
        return None
    try:
        return log_taken_over.examine(place)
    except (LogUnavailable, OSError, ValueError) as error:  # an entry may hold anything
        words = _(
            "The log of events in the second place cannot go on: %(error)s. Find the whole one,"
            " or put %(folder)s aside: then nothing is signed until the log is brought here."
        )
        raise CannotTakeOver(words % {"error": error, "folder": place / "events"}) from error


def _require_copy(predecessor: str) -> None:
    place = journal.place(predecessor)
    if place is None:
        words = _(
            "JOURNAL_COPY is not set, so there is no second place to read the journal from. If"
            " the whole journal was brought here, run this with --journal-here; else with"
            " --journal-lost."
        )
        raise CannotTakeOver(words)
    if not predecessor or not place.is_dir():
        words = _(
            "%(folder)s has no copy of that journal; is it mounted? If there is none, run this"
            " with --journal-here or --journal-lost."
        )
        raise CannotTakeOver(words % {"folder": settings.JOURNAL_COPY})


def _read(source: Source, predecessor: str) -> Iterator[tuple[Path, takeover.Examined]]:
    """The copy's files; or the files here if the journal was brought here or has no copy."""
    place = journal.place(predecessor) if source != Source.HERE and predecessor else None
    if place is not None and place.is_dir():
        for file in sorted(place.glob("*.journal")):
            yield file, takeover.examine([file])
        return
    for stem in journal.stems():
        yield journal.path(stem), takeover.examine(journal.every_path(stem))


def _lacking(found: Found) -> Iterator[str]:
    """The serial number of each certificate in the database that the journal does not have."""
    known = {file.stem: each.certificates for file, each in found.items()}
    rows = Certificate.objects.values_list("issuing_ca__stem", "serial", "sha256")
    for stem, serial, sha256 in rows.iterator():
        if known.get(stem, {}).get(serial) != sha256:
            yield serial


def _open_attempts(found: Found) -> list[PreparedCertificate]:
    """The attempts being signed for which the journal has no certificate."""
    known = {file.stem: each.certificates for file, each in found.items()}
    attempts = PreparedCertificate.objects.filter(state=PreparedCertificate.State.SIGNING)
    return [
        each
        for each in attempts.select_related("issuing_ca").order_by("pk")
        if each.serial not in known.get(ca_of(each).stem, {})
    ]


def _fence(seen: SigningLease | None, now: datetime) -> SigningLease:
    """Give the lease to nobody, once the holder's transactions have ended."""
    _end_sessions(seen)
    with transaction.atomic():
        lease = SigningLease.objects.select_for_update().first()
        if (lease and lease.term) != (seen and seen.term):
            words = _("The lease has changed hands meanwhile: run this again and look who has it.")
            raise CannotTakeOver(words)
        if lease is None:
            lease = SigningLease(pk=1, term=highest_term())
        lease.taken_from, lease.journal = _predecessor(lease), ""
        lease.term, lease.host = lease.term + 1, settings.SIGNER_HOST
        lease.taken_at = lease.seen_at = now
        lease.save()
    return lease


def _end_sessions(lease: SigningLease | None) -> None:
    """End the holder's sessions in the database, with their locks and transactions.

    A machine that stands still or lost its network would keep them for minutes.
    """
    if lease is None or not lease.journal:
        return
    execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = %s AND pid <> pg_backend_pid()",
        [f"signer {lease.journal}"],
    )


def _abandon(found: Found, actor: Actor, now: datetime) -> list[PreparedCertificate]:
    """Void the attempts, revoke their serial numbers and tell the registration authority."""
    with transaction.atomic():
        given_up = _open_attempts(found)
        locks.hold(*(f"issuance:{each.reference}" for each in given_up))
        for attempt in given_up:
            serial = int(attempt.serial, 16)
            RevokedSerial.objects.create(
                prepared=attempt,
                issuing_ca=ca_of(attempt),
                serial=attempt.serial,
                not_after=cast(datetime, attempt.not_after),
                revoked_at=now,
                crl_entry=entry(serial, now, x509.ReasonFlags.unspecified, None),
            )
            data: dict[str, Any] = {"reference": str(attempt.reference), "serial": attempt.serial}
            events.record(IssuanceEvent.SERIAL_REVOKED, attempt, actor, now, **data)
            refuse(attempt.reference, attempt, "journal_lost", now)
    return given_up


def _complete_journal() -> None:
    """Append to the journal the certificates of the database that it lacks."""
    for ca in IssuingCA.objects.order_by("pk"):
        rows = ca.certificates.select_related("prepared").order_by("pk")
        slim = rows.defer("prepared__tbs", "prepared__specimen_der", "prepared__csr_der")
        for some in batched(slim.iterator(chunk_size=BATCH), BATCH):
            lacking = [c for c in some if not journal.holds_serial(ca.stem, int(c.serial, 16))]
            journal.append(ca.stem, [journal_entry(c.prepared, bytes(c.der)) for c in lacking])
            reach("take_over_after_lines")


def _copy() -> None:
    """Copy the journals to the second place without a time limit: a long one takes minutes."""
    for stem in journal.stems():
        log.info("journal_copying", ca=stem, place=settings.JOURNAL_COPY)
        journal.copy_whole(stem)


def _finish(
    lease: SigningLease, own: str, source: Source, given_up: int, actor: Actor, now: datetime
) -> None:
    with transaction.atomic():
        taken = SigningLease.objects.filter(term=lease.term, journal="")
        if not taken.update(journal=own, seen_at=now):
            words = _("The lease has changed hands meanwhile: run this again and look who has it.")
            raise CannotTakeOver(words)
        events.record(
            IssuanceEvent.SIGNING_TAKEN_OVER,
            events.Subject("signing_term", str(lease.term)),
            actor,
            now,
            source=str(source),
            host=lease.host,
            taken_from=lease.taken_from,
            journal=own,
            given_up=given_up,
        )
