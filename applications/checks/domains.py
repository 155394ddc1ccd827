"""DNS lookups of domain records with the operator's settings."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from applications.checks import domain_lookup, resolvers
from applications.rules.domain_record import Look
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable


def look(organisation_id: UUID, host: str, *, now: datetime) -> Look:
    """Return the result of the lookup with the operator's resolvers.

    Raises Unavailable, also without any and while one of them is unfit: what an answer says that
    nobody has validated may be anybody's, and a resolver that hangs must not hold up a worker for
    each host.
    """
    control = settings.DOMAIN_CONTROL
    if not control["resolvers"] or not resolvers.are_fit():
        raise Unavailable(domain_lookup.SOURCE)
    return domain_lookup.look(
        host,
        organisation_id,
        issuer=control["issuer"],
        resolvers=control["resolvers"],
        on=clock.day(now),
    )
