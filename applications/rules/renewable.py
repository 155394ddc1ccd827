"""The certificates of an account that can be renewed in one step: they expire soon or just have."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import batched

from django.db.models import Q, QuerySet

from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules import reminders, renewal
from issuance.models import Certificate

ENDED_WITHIN = timedelta(days=60)
"""How long after its expiry a certificate is still offered: nobody may have noticed."""
TYPES = [kind for kind in CertificateType if not kind.has_mailbox]
"""Without email certificates, which are renewed one by one: each mailbox is proven by a code."""
BATCH = 200


type Found = tuple[Application, Certificate, Application | None]
"""An order, its certificate, and the order under way that may renew it, if there is one."""


def renewable(
    certificates: QuerySet[Certificate], seen: QuerySet[Application], *, most: int, now: datetime
) -> list[Found]:
    """Return up to `most` certificates without a successor, those that expire first in front.

    Those for which `seen` has an order under way come last, so that they do not displace others.
    """
    found = ending(certificates, now=now)
    free, begun = list[Found](), list[Found]()
    for some in batched(found.defer("der").order_by("not_after", "pk"), BATCH, strict=False):
        for one in _unrenewed(some, seen):
            (free if one[2] is None else begun).append(one)
        if len(free) >= most:
            break
    return [*free, *begun][:most]


def ending(certificates: QuerySet[Certificate], *, now: datetime) -> QuerySet[Certificate]:
    """Return those that expire soon or just have, of these types, whether renewed or not."""
    ended = Q(state=Certificate.State.ISSUED, not_after__lte=now, not_after__gt=now - ENDED_WITHIN)
    return certificates.filter(reminders.ending_soon(now) | ended, profile_id__in=TYPES)


def _unrenewed(some: Sequence[Certificate], seen: QuerySet[Application]) -> Iterator[Found]:
    with_all = Application.objects.select_related("organisation", "submission__record")
    orders = with_all.prefetch_related("host_names").in_bulk([one.reference for one in some])
    pairs = [(orders[one.reference], one) for one in some if one.reference in orders]
    done = renewal.renewed_of(pairs)
    left = [(order, one) for order, one in pairs if one.pk not in done]
    begun = renewal.begun_for([order for order, _certificate in left], seen) if left else {}
    return ((order, one, begun.get(order.pk)) for order, one in left)
