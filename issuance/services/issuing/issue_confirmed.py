"""Issuing certificates that the registration authority (RA) has recently confirmed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError

from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, compiled_for
from certportal.foundation.database.database_clock import require_agreement
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.errors import Unavailable
from certportal.foundation.outbox import outbox
from issuance.authority.sign import SignatureMismatch
from issuance.models import Certificate, PreparedCertificate
from issuance.services.approvers.register import RegisterUnavailable
from issuance.services.errors import NotProved, NotReconciled, Unproven
from issuance.services.issuing.approve import approval_states
from issuance.services.issuing.issue import issue, issue_all
from issuance.services.issuing.journal_approved import NobodyApproved
from issuance.signers import SignerUnavailable

# The facts (register record, names) must be valid at signing. If the worker or signer was
# unavailable, the confirmation can be old by then.
CONFIRMATION_LASTS = timedelta(minutes=10)
# Errors that concern a single reference, its CA or its environment, so that the others can still be
# issued.
OF_ONE_REFERENCE = (
    SignatureMismatch,
    IntegrityError,
    ValueError,
    NotReconciled,
    NotProved,
    Unproven,
    NobodyApproved,
    RegisterUnavailable,
)


class NotConfirmed(Unavailable):
    """One of the confirmations may not count, so each reference must be handled separately."""


def issue_confirmed(
    reference: UUID, *, confirmed_at: datetime | None, now: datetime
) -> Certificate | None:
    """Issue like `issue`, but if the confirmation is too old, ask the RA for a new one.

    An attempt that is already being signed is finished in any case: it can no longer be voided.
    Returns None if nothing was issued. Raises ClockDiffers, since by a wrong clock the new
    confirmation would be too old too, or an old one new.
    """
    require_agreement()
    if not _released([reference], confirmed_at):
        return None
    if _is_old(confirmed_at, now) and _waiting([reference]):
        outbox.enqueue("certificate.approved", now=now, reference=str(reference))
        return None
    return issue(reference, now=now)


def issue_together(references: Sequence[UUID], *, confirmed_at: datetime, now: datetime) -> None:
    """Issue like `issue_all`; ``confirmed_at`` is the time of the earliest confirmation.

    Raises NotConfirmed, signing nothing, if that is too long ago or may have been of an earlier
    attempt, ClockDiffers, and what `issue_all` raises.
    """
    require_agreement()
    if _is_old(confirmed_at, now) or _released(references, confirmed_at) != [*references]:
        raise NotConfirmed
    issue_all(references, now=now)


def issue_all_confirmed(
    references: Sequence[UUID], *, confirmed_at: datetime | None, now: datetime
) -> None:
    """Issue like `issue_confirmed`, for many references.

    They are issued together. If that fails with an error of a single reference, such as damaged
    bytes, each is issued separately, so that the others are not held up. Raises Unavailable if
    any reference met it, so that the task is retried; otherwise an ExceptionGroup of the errors.
    """
    require_agreement()
    references = _released(references, confirmed_at)
    old = _waiting(references) if _is_old(confirmed_at, now) else set()
    if old:
        again = sorted(str(reference) for reference in old)
        outbox.enqueue("certificates.approved", now=now, references=again)
    if rest := [reference for reference in references if reference not in old]:
        _issue_all(rest, now)


def _issue_all(references: Sequence[UUID], now: datetime) -> None:
    try:
        issue_all(references, now=now)
    except SignerUnavailable:
        _issue_by_ca(references, now)
    except OF_ONE_REFERENCE:
        failures: list[Exception] = []
        for reference in references:
            try:
                issue(reference, now=now)
            except (*OF_ONE_REFERENCE, Unavailable) as error:
                failures.append(error)
        _raise(failures)


def _issue_by_ca(references: Sequence[UUID], now: datetime) -> None:
    """Issue each CA's certificates separately, so that a missing key holds up no other CA."""
    prepared = PreparedCertificate.objects.filter(reference__in=references).order_by("pk")
    cas = dict(prepared.values_list("reference", "issuing_ca"))  # of the last attempt
    parts: dict[int | None, list[UUID]] = {}
    for reference in references:
        parts.setdefault(cas.get(reference), []).append(reference)
    if len(parts) == 1:
        issue_all(references, now=now)
        return
    failures: list[Exception] = []
    for part in parts.values():
        try:
            _issue_all(part, now)
        except (Unavailable, ExceptionGroup) as error:
            failures.append(error)
    _raise(failures)


def _raise(failures: Sequence[Exception]) -> None:
    """Raise the first Unavailable, so that the task is retried; else all of them as a group."""
    for failure in failures:
        if isinstance(failure, Unavailable):
            raise failure
    if failures:
        raise ExceptionGroup("not issued", failures)


def _is_old(confirmed_at: datetime | None, now: datetime) -> bool:
    """Whether it was too long ago; one of a later time was written by a wrong clock."""
    if confirmed_at is None:
        return False
    return not clock.is_recent(confirmed_at, CONFIRMATION_LASTS, now=now)


def _released(references: Sequence[UUID], confirmed_at: datetime | None) -> list[UUID]:
    """Leave out what was prepared anew after the confirmation and lacks approvals.

    The confirmation was of an earlier attempt; the last approval of the new one brings its own.
    """
    if confirmed_at is None:
        return list(references)
    found = _prepared_since(list(references), confirmed_at).alone()
    given = approval_states(found) if found else {}
    left = {each.reference for each in found if not given[each.pk].complete}
    return [reference for reference in references if reference not in left]


@compiled_for([UUID(int=1)], datetime.min.replace(tzinfo=UTC))
def _prepared_since(references: list[UUID], since: datetime) -> Rows:
    """Return the query for what was prepared for the references later and is not being signed."""
    waits = PreparedCertificate.objects.filter(
        Among("reference", "uuid", references), state=PreparedCertificate.State.PREPARED
    )
    return Rows(waits.filter(created_at__gt=since))


def _waiting(references: Sequence[UUID]) -> set[UUID]:
    """The references whose attempt is prepared and not yet being signed."""
    waits = PreparedCertificate.objects.filter(
        reference__in=references, state=PreparedCertificate.State.PREPARED
    )
    return set(waits.values_list("reference", flat=True))
