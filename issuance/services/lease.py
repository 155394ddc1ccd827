"""The lease: which journal, on which host, may sign. See docs/decisions/one-signer.md.

Keys of issuing CAs and of OCSP responders sign only while this process's journal holds the lease.
The lease never expires; only `take_over` gives it to another journal.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Asks, Question, Values
from certportal.foundation.database.prepared_statements import Statement
from certportal.foundation.database.statements import execute
from certportal.foundation.errors import Unavailable
from issuance import journal
from issuance.models import Certificate, IssuingCA, SigningLease

log = structlog.get_logger(__name__)

SILENT = timedelta(minutes=2)
"""/healthz reports a holder that has given no sign of life for this long."""
# By the name of the session, a take-over finds and ends sessions of the previous holder.
_HELD = Statement(
    """
SELECT term, set_config('application_name', 'signer ' || journal, false)
FROM issuance_signinglease WHERE journal = %s
""",
    ["text"],
)
_HELD_LOCKED = Statement(f"{_HELD} FOR KEY SHARE", _HELD.types)


class SignerElsewhere(Unavailable):
    """Another journal holds the lease, so nothing may be signed here. For operators, in English."""


class Holder(NamedTuple):
    """Who holds the lease: the name of the host and its last sign of life."""

    host: str
    seen_at: datetime


def require() -> int:
    """The term of this journal's lease. Takes the lease if nobody has ever had it.

    Raises SignerElsewhere, JournalUnavailable.
    """
    own = journal.identity()
    if (term := _term(own)) is None and not SigningLease.objects.exists():
        now = clock.now()
        _require_own_journal()
        first = SigningLease(
            pk=1,
            term=highest_term() + 1,
            journal=own,
            host=settings.SIGNER_HOST,
            taken_at=now,
            seen_at=now,
        )
        if SigningLease.objects.bulk_create([first], ignore_conflicts=True):
            log.info("signing_lease_taken", host=settings.SIGNER_HOST, journal=own)
        term = _term(own)
    if term is None:
        raise SignerElsewhere(_refusal())
    _check_journal_once(own, term)
    return term


def hold() -> int:
    """Like ``require``, and makes a take-over wait for the end of the current transaction."""
    own = journal.identity()
    term = _term(own, _HELD_LOCKED)
    if term is None and require():
        term = _term(own, _HELD_LOCKED)
    if term is None:
        raise SignerElsewhere(_refusal())
    _check_journal_once(own, term)
    return term


_checked: set[tuple[str, int]] = set()
"""Journals (id and term) that this process has found to have the last certificates."""


def _check_journal_once(own: str, term: int) -> None:
    """Raise JournalUnavailable if the journal that has the lease lacks the last certificates.

    Checked because the row of the lease may have been written by hand.
    """
    if (own, term) not in _checked:
        _require_own_journal()
        _checked.add((own, term))


def _term(own: str, held: Statement = _HELD) -> int | None:
    return next((row[0] for row in execute(held, [own])), None)


def require_takable() -> None:
    """Raise JournalUnavailable if nobody has the lease and this journal may not take it."""
    if not SigningLease.objects.exists():
        _require_own_journal()


def _require_own_journal() -> None:
    """Raise JournalUnavailable unless the journal has the last certificates.

    These are the last of the installation and of each CA that may still issue. A gap in the journal
    of a retired CA must not stop its CRLs.
    """
    last = Certificate.objects.order_by("-pk").values_list("issuing_ca", flat=True).first()
    may_issue = Q(state__in=[IssuingCA.State.ACTIVE, IssuingCA.State.STANDBY])
    for ca in IssuingCA.objects.filter(may_issue | Q(pk=last)).order_by("pk"):
        require_journal(ca)


def highest_term() -> int:
    """The last term in which a certificate was stored; 0 if there is none."""
    return Certificate.objects.aggregate(last=Max("term"))["last"] or 0


def require_journal(ca: IssuingCA) -> None:
    """Raise JournalUnavailable if the journal lacks the CA's last certificate.

    An empty journal, for example because its disk is not mounted, must not be trusted.
    """
    made = Certificate.objects.filter(issuing_ca=ca).order_by("-pk")
    last = made.values_list("serial", flat=True).first()
    if last is not None and not journal.holds_serial(ca.stem, int(last, 16)):
        raise journal.JournalUnavailable(f"{ca.stem}: lacks its last certificate")


def _refusal() -> str:
    lease = SigningLease.objects.get()
    if not lease.journal:
        return (
            f"a take-over was begun on {lease.host} and not finished: nobody signs until"
            " take_over_signing has been run there again"
        )
    if lease.host == settings.SIGNER_HOST:
        return (
            f"the database names another journal of {lease.host}: the folder of the journal was"
            " copied, moved to another disk or restored. If nothing else signs for this database,"
            " run take_over_signing --journal-here, see docs/operations.md"
        )
    seen = timezone.localtime(lease.seen_at)
    return (
        f"the journal of {lease.host} has the lease, and this is {settings.SIGNER_HOST} with"
        f" another journal. {lease.host} gave its last sign of life at {seen:%d.%m.%Y %H:%M:%S}."
        " Only if it is dead for good: take_over_signing, see docs/operations.md"
    )


def renew(*, now: datetime) -> bool:
    """Record a sign of life; return whether this journal may sign."""
    own = SigningLease.objects.filter(journal=journal.identity())
    is_ours = own.update(seen_at=now, host=settings.SIGNER_HOST)
    return bool(is_ours) or not SigningLease.objects.exists()


def refusal() -> str:
    """Why nothing may be signed here; "" if this journal has the lease, or nobody has."""
    lease = SigningLease.objects.first()
    return _refusal() if lease is not None and lease.journal != journal.identity() else ""


def silent_holder(now: datetime) -> Holder | None:
    """The holder if it has given no sign of life for longer than SILENT; else None."""
    found = holder()
    return found if found and not clock.is_recent(found.seen_at, SILENT, now=now) else None


@Question
def holder() -> Asks[Holder | None]:
    """Who holds the lease, or None before anybody has."""
    given = SigningLease.objects.order_by("pk").values_list("host", "seen_at")
    return Values(given, 2), lambda found: Holder(*found[0]) if found else None
