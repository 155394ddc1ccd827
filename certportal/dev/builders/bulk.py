"""Bulk orders: orders for many units or hosts, created and sent together."""

from collections.abc import Sequence
from typing import Any

from accounts.models import Person
from accounts.register.models import Kind
from applications import services
from applications.models import Application, BulkOrder
from applications.models.certificate_types import CertificateType
from applications.rules.request_files import RequestFile
from applications.services.applicant.bulk_orders import Row, drafts_of, fingerprint
from certportal.dev.builders import orders, requests
from certportal.dev.builders.acts import act

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


def rows_for(*hosts: str, unit: str = orders.UNIT) -> list[Row]:
    """Return a row for each host name, all for one unit."""
    return [Row({"record_kind": Kind.SOTE_UNIT, "record_oid": unit}, [host]) for host in hosts]


def begun(
    person: Person, *hosts: str, unit: str = orders.UNIT, rows: Sequence[Row] = (), **more: Any
) -> BulkOrder:
    """Return a bulk order of server certificates: drafts whose CSRs are attached after sending.

    `rows` replace the rows for `hosts`.
    """
    return act(
        person,
        services.start_together,
        organisation=person.memberships.get(ended_at=None).organisation,
        type=CertificateType.SERVER,
        language="fi",
        common=COMMON | more,
        rows=rows or rows_for(*hosts, unit=unit),
    )


def completed(person: Person, waiting: Sequence[Application]) -> None:
    """Attach the CSRs of orders that wait for them, all at once."""
    files = [
        RequestFile(f"{order.number}.csr", requests.request(requests.new_key(), *order.names))
        for order in waiting
    ]
    act(person, services.give_requests, waiting, files, about=waiting[0])


def sent(person: Person, together: BulkOrder, **more: Any) -> list[Application]:
    seen = fingerprint(list(drafts_of(together, person)))
    given = orders.signature(person) | {"seen": seen} | more
    return act(person, services.submit_together, together.pk, **given)
