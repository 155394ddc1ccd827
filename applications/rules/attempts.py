"""The CA's attempts (prepared certificates) for an order, and their approvals."""

from uuid import UUID

from certportal.foundation.together import Asks, Question, Rows
from issuance.models import Approval, PreparedCertificate


@Question
def attempts(reference: UUID) -> Asks[list[PreparedCertificate]]:
    """Return the prepared certificates of the order with this key, the newest first."""
    rows = PreparedCertificate.objects.filter(reference=reference)
    return Rows(rows.order_by("-attempt")), list


@Question
def approvals(reference: UUID) -> Asks[list[Approval]]:
    """Return the approvals of all attempts for the order, with their persons, the oldest first."""
    rows = Approval.objects.filter(prepared__reference=reference)
    return Rows(rows.order_by("pk"), "person"), list


def approvals_of(attempt: PreparedCertificate) -> list[Approval]:
    return [
        approval for approval in approvals(attempt.reference) if approval.prepared_id == attempt.pk
    ]
