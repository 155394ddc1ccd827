"""Orders made for many units or hosts by one act."""

from typing import Any

from accounts.access import actor_for
from accounts.models import Person
from accounts.register.models import Kind
from applications import services
from applications.models import Application, BulkOrder
from applications.models.certificate_types import CertificateType
from applications.services.applicant.bulk_orders import Row, drafts_of, fingerprint
from certportal.dev.builders import orders
from certportal.foundation import clock

COMMON: dict[str, Any] = {
    "purpose": "both",
    "validity_months": 12,
    "start": None,
    "contact_name": "Matti Meikäläinen",
    "contact_email": "matti@example.fi",
    "mailbox": "tekniikka@example.fi",
    "deliver_to": "applicant",
    "csr_by": "applicant",
}


def rows(*hosts: str, unit: str = orders.UNIT) -> list[Row]:
    """Return a row for each host name, all for one unit."""
    place = {"record_kind": Kind.SOTE_UNIT, "record_oid": unit}
    return [Row(place, [host]) for host in hosts]


def begun(person: Person, *hosts: str, unit: str = orders.UNIT, **more: Any) -> BulkOrder:
    """Return a bulk order of server certificates, drafts whose requests come later."""
    return services.start_together(
        organisation=person.memberships.get(ended_at=None).organisation,
        person=person,
        type=CertificateType.SERVER,
        language="fi",
        common=COMMON | more,
        rows=rows(*hosts, unit=unit),
        actor=actor_for(person),
        now=clock.now(),
    )


def sent(person: Person, together: BulkOrder, **more: Any) -> list[Application]:
    """Send its drafts as they are now, by one act."""
    given = orders.signature(person) | {
        "seen": fingerprint(list(drafts_of(together, person))),
        "actor": actor_for(person),
        "now": clock.now(),
    }
    return services.submit_together(together.pk, **(given | more))
