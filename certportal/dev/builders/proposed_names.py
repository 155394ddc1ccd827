"""Orders that leave their host names to Tiina, the technical contact."""

from typing import Any

from accounts.models import Person
from applications import services
from applications.models import Application, ContactLink
from applications.workflow import Role
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act, do
from certportal.foundation import clock
from certportal.foundation.actors import Actor

LEFT: dict[str, Any] = {"host_names": [], "names_by": "technical_contact"}


def left(person: Person, **more: Any) -> Application:
    """Return a sent order that waits for the request and the host names."""
    order = orders.draft(person)
    orders.name_contact(person, order, orders.CONTACT | more)
    do(person, services.save_section, order, "host_names", LEFT)
    orders.submit(person, order)
    return order


def propose(order: Application, *names: str, csr: bytes | None = None) -> Application:
    """Attach a CSR by Tiina's link and propose these host names; by default those of the CSR."""
    link = order.contact_links.filter(holder="technical_contact", revoked_at=None).latest("made_at")
    acting = by(link)
    stored = services.upload_csr(order.pk, csr or orders.openssl_csr(), **acting)
    order.refresh_from_db()
    return services.propose_names(
        order.pk,
        stored.pk,
        names=names or ["erecept.example.fi"],
        role=Role.TECHNICAL_CONTACT,
        version=order.version,
        **acting,
    )


def by(link: ContactLink) -> dict[str, Any]:
    """Return `actor` and `now` for an act by the link."""
    return {"actor": Actor("technical_contact", str(link.pk)), "now": clock.now()}


def proposed(person: Person, *names: str, **more: Any) -> Application:
    """Return an order whose host names wait for the person to confirm them."""
    return propose(left(person, **more), *names)


def confirm(person: Person, order: Application, **more: Any) -> None:
    act(person, services.confirm_names, order, **orders.signature(person, **more))
    order.refresh_from_db()


def send_back(person: Person, order: Application, text: str = "Vain uusi palvelin.") -> None:
    do(person, services.return_names, order, text=text)
    order.refresh_from_db()
