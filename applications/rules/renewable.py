"""Which certificates of an account can be renewed in one step: those that end soon or just did."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import batched, islice

from django.db.models import Q, QuerySet

from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules import renewal
from issuance.models import Certificate

ENDED_WITHIN = timedelta(days=60)
"""For so long after its end a certificate is still offered, since nobody may have noticed."""
TYPES = [kind for kind in CertificateType if not kind.has_mailbox]
"""A mailbox is proven by a code of its own, so that its certificate is renewed alone."""
BATCH = 200


def renewable(
    certificates: QuerySet[Certificate], *, most: int, now: datetime
) -> list[tuple[Application, Certificate]]:
    """Return the first certificates to end that no other one serves in place of, with orders."""
    ended = Q(state=Certificate.State.ISSUED, not_after__lte=now, not_after__gt=now - ENDED_WITHIN)
    found = certificates.filter(renewal.ending_soon(now) | ended, profile_id__in=TYPES)
    return list(islice(_unrenewed(found.defer("der").order_by("not_after", "pk")), most))


def _unrenewed(found: QuerySet[Certificate]) -> Iterator[tuple[Application, Certificate]]:
    for some in batched(found, BATCH, strict=False):
        with_all = Application.objects.select_related("organisation", "submission__record")
        orders = with_all.prefetch_related("host_names").in_bulk([one.reference for one in some])
        pairs = [(orders[one.reference], one) for one in some if one.reference in orders]
        done = renewal.renewed_of(pairs)
        yield from (pair for pair in pairs if pair[1].pk not in done)
