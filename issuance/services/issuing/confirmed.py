"""Issuing what the registration authority has just confirmed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError

from certportal.foundation import outbox
from certportal.foundation.errors import Unavailable
from issuance.authority.sign import SignatureMismatch
from issuance.models import Certificate, PreparedCertificate
from issuance.services.errors import NotReconciled
from issuance.services.issue import issue, issue_all

# The facts (the register's record, the names) are to hold when the signature is made. A worker or
# a signer that was away may come to it long after they were looked at.
CONFIRMATION_LASTS = timedelta(minutes=10)
# What the bytes, rows or lost certificate of a single reference can be at fault for.
ITS_OWN = (SignatureMismatch, IntegrityError, ValueError, NotReconciled)


def issue_confirmed(
    reference: UUID, *, confirmed_at: datetime | None, now: datetime
) -> Certificate | None:
    """Issue as `issue` does; a confirmation that has grown old is asked for again instead.

    What is being signed already is finished: it can no longer be recalled.
    """
    if _is_old(confirmed_at, now) and _waiting([reference]):
        outbox.enqueue("certificate.approved", now=now, reference=str(reference))
        return None
    return issue(reference, now=now)


def issue_all_confirmed(
    references: Sequence[UUID], *, confirmed_at: datetime | None, now: datetime
) -> None:
    """Issue many as `issue_confirmed` does one.

    All together, or, when one fails by its own fault, each by itself: one whose bytes are damaged
    keeps none of the others back. Raises Unavailable if that is what one of them met, for then
    all are to be tried again for as long as it takes, or else the group of what failed.
    """
    old = _waiting(references) if _is_old(confirmed_at, now) else set()
    if old:
        again = sorted(str(reference) for reference in old)
        outbox.enqueue("certificates.approved", now=now, references=again)
    if rest := [reference for reference in references if reference not in old]:
        _issue_all(rest, now)


def _issue_all(references: Sequence[UUID], now: datetime) -> None:
    try:
        issue_all(references, now=now)
    except ITS_OWN:
        _issue_each(references, now)


def _issue_each(references: Sequence[UUID], now: datetime) -> None:
    failures = []
    for reference in references:
        try:
            issue(reference, now=now)
        except (*ITS_OWN, Unavailable) as error:
            failures.append(error)
    for failure in failures:
        if isinstance(failure, Unavailable):
            raise failure
    if failures:
        raise ExceptionGroup("not issued", failures)


def _is_old(confirmed_at: datetime | None, now: datetime) -> bool:
    return confirmed_at is not None and now - confirmed_at > CONFIRMATION_LASTS


def _waiting(references: Sequence[UUID]) -> set[UUID]:
    """Those of the references that are not being signed yet."""
    waits = PreparedCertificate.objects.filter(
        reference__in=references, state=PreparedCertificate.State.PREPARED
    )
    return set(waits.values_list("reference", flat=True))
