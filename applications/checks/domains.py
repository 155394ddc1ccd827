"""Looking up, for an order or an organisation, the DNS records that show who controls a domain."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from applications.checks import domain_lookup
from applications.rules.domain_record import Look
from certportal.foundation import clock


def look(organisation_id: UUID, host: str, *, now: datetime) -> Look:
    """Return what is found for the host with the operator's resolvers. Raises Unavailable."""
    control = settings.DOMAIN_CONTROL
    return domain_lookup.look(
        host,
        organisation_id,
        issuer=control["issuer"],
        resolvers=control["resolvers"],
        on=clock.day(now),
    )
