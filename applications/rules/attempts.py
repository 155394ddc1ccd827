"""The CA's attempts (prepared certificates) for an order, and their approvals."""

from uuid import UUID

from certportal.foundation.database.combined_queries import Asks, Question, Rows, compiled_for
from issuance.models import Approval, PreparedCertificate


@Question
def attempts(reference: UUID) -> Asks[list[PreparedCertificate]]:
    """Return the prepared certificates of the order with this key, with their CAs, the newest
    first.
    """
    return _attempts(reference), list


@compiled_for(UUID(int=1))
def _attempts(reference: UUID) -> Rows:
    rows = PreparedCertificate.objects.filter(reference=reference)
    return Rows(rows.order_by("-attempt"), "issuing_ca")


@Question
def approvals(reference: UUID) -> Asks[list[Approval]]:
    """Return the approvals of all attempts for the order, with their persons, the oldest first."""
    return _approvals(reference), list


@compiled_for(UUID(int=1))
def _approvals(reference: UUID) -> Rows:
    return Rows(Approval.objects.filter(prepared__reference=reference).order_by("pk"), "person")


def approvals_of(attempt: PreparedCertificate) -> list[Approval]:
    return [
        approval for approval in approvals(attempt.reference) if approval.prepared_id == attempt.pk
    ]
