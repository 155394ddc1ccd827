"""What is published of a host's domain, and what the service makes of it."""

from collections.abc import Callable
from typing import Never
from uuid import UUID

from django.urls import reverse

from accounts.models import Organisation, Person
from applications.checks import domain_lookup
from applications.models import Application
from applications.rules import domain_record
from applications.rules.domain_record import Look
from certportal.foundation import clock

HOST = "erecept.example.fi"
ISSUER = "dvv.fi"
PAGE = reverse("applications:domains")


def raise_(error: BaseException | type[BaseException]) -> Callable[..., Never]:
    """Return a function that raises it, whatever it is given."""

    def refuse(*_given: object, **_named: object) -> Never:
        raise error

    return refuse


def record(
    organisation: Organisation, name: str, more: str = "", account: str | None = None
) -> str:
    """Return the zone's line that shows the organisation's control of the name."""
    account = account or domain_record.account_of(organisation.pk)
    return f'{domain_record.LABEL}{name} TXT "{ISSUER}; account={account}{more}"'


def whole(organisation: Organisation) -> str:
    """Return the line for the whole of example.fi."""
    return record(organisation, "", "; scope=subdomains")


def clinics(kalle: Person) -> Organisation:
    """Return Kalle's organisation."""
    return kalle.memberships.get().organisation


def evidence_of(order: Application) -> tuple[str, UUID | None]:
    """Return what is recorded for the host, and the key of the reviewer who recorded it."""
    host = order.host_names.get(name=HOST)
    return host.evidence, host.evidenced_by_id


def look(organisation: Organisation, host: str, *resolvers: tuple[str, int]) -> Look:
    """Look the host up today."""
    today = clock.day(clock.now())
    return domain_lookup.look(host, organisation.pk, issuer=ISSUER, resolvers=resolvers, on=today)
