"""DNS lookups of domain records with the operator's settings."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from applications.checks import domain_lookup
from applications.rules.domain_record import Look
from certportal.foundation import clock


def look(organisation_id: UUID, host: str, *, now: datetime) -> Look:
    """Return the result of the lookup with the operator's resolvers. Raises Unavailable."""
    control = settings.DOMAIN_CONTROL
    return domain_lookup.look(
        host,
        organisation_id,
        issuer=control["issuer"],
        resolvers=control["resolvers"],
        on=clock.day(now),
    )
