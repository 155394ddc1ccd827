"""The authority's attempts at an order's certificate, and the approvals given to them."""

from uuid import UUID

from certportal.foundation.together import Asks, Question, Rows
from issuance.models import Approval, PreparedCertificate


@Question
def attempts(reference: UUID) -> Asks[list[PreparedCertificate]]:
    """Return the attempts at the certificate of the order with this key, the newest first."""
    found = PreparedCertificate.objects.filter(reference=reference)
    return Rows(found.order_by("-attempt")), list


@Question
def approvals(reference: UUID) -> Asks[list[Approval]]:
    """Return the approvals given to any of these attempts, with their persons, the oldest first."""
    given = Approval.objects.filter(prepared__reference=reference)
    return Rows(given.order_by("pk"), "person"), list


def approvals_of(attempt: PreparedCertificate) -> list[Approval]:
    """Return those given to this attempt."""
    return [one for one in approvals(attempt.reference) if one.prepared_id == attempt.pk]
