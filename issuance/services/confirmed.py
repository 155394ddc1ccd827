"""Issuing what the registration authority has just confirmed."""

from datetime import datetime, timedelta
from uuid import UUID

from certportal.foundation import outbox
from issuance.models import Certificate, PreparedCertificate
from issuance.services.issue import issue

# The facts (the register's record, the names) are to hold when the signature is made. A worker or
# a signer that was away may come to it long after they were looked at.
CONFIRMATION_LASTS = timedelta(minutes=10)


def issue_confirmed(
    reference: UUID, *, confirmed_at: datetime | None, now: datetime
) -> Certificate | None:
    """Issue as `issue` does; a confirmation that has grown old is asked for again instead.

    What is being signed already is finished: it can no longer be recalled.
    """
    waits = PreparedCertificate.objects.filter(
        reference=reference, state=PreparedCertificate.State.PREPARED
    )
    old = confirmed_at is not None and now - confirmed_at > CONFIRMATION_LASTS
    if old and waits.exists():
        outbox.enqueue("certificate.approved", now=now, reference=str(reference))
        return None
    return issue(reference, now=now)
