"""The authority's attempts at an order's certificate, and the approvals given to them."""

from uuid import UUID

from certportal.foundation.reading import asked_once
from issuance.models import Approval, PreparedCertificate


@asked_once
def attempts(reference: UUID) -> list[PreparedCertificate]:
    """Return the attempts at the certificate of the order with this key, the newest first."""
    return list(PreparedCertificate.objects.filter(reference=reference).order_by("-attempt"))


@asked_once
def approvals(reference: UUID) -> list[Approval]:
    """Return the approvals given to any of these attempts, with their persons, the oldest first."""
    given = Approval.objects.filter(prepared__reference=reference)
    return list(given.select_related("person").order_by("pk"))


def approvals_of(attempt: PreparedCertificate) -> list[Approval]:
    """Return those given to this attempt."""
    return [one for one in approvals(attempt.reference) if one.prepared_id == attempt.pk]
