"""Mails about orders that the mail server refused: a reviewer corrects the address and resends."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Person
from applications import holding
from applications.errors import NotPossible
from applications.models import Application
from applications.services import moving
from certportal.foundation import set_aside
from certportal.foundation.actors import Actor
from certportal.foundation.models import OutboxItem

# The order's own addresses, by what the reader is to it. A person's address is proven by the
# person, and the technical contact is named by the applicant: another address, another link.
CORRECTABLE = {
    "applicant": "contact_email",
    "recipient": "contact_email",
    "mailbox": "mailbox",
}


def address_field(item: OutboxItem, application: Application) -> str:
    """Return the order's field that a reviewer may correct for this mail, empty if none."""
    recipient = item.payload.get("recipient", "")
    if recipient == "recipient" and application.deliver_to != "applicant":
        return ""
    return CORRECTABLE.get(recipient, "")


def order_of(item: OutboxItem) -> Application | None:
    """Return the order that the mail is about; None for other work, or when it is gone."""
    key = item.payload.get("application")
    found = Application.objects.select_related("organisation", "submission", "reviewer")
    return found.filter(pk=key, erased_at=None).first() if key else None


@transaction.atomic
def send_corrected(
    item_id: UUID, address: str, *, person: Person, actor: Actor, now: datetime
) -> Application:
    """Write the right address on the order and send the mail again. What was signed stays.

    Raises NotSetAside, NotPossible when the address is not the order's own, and OwnOrganisation.
    """
    item = set_aside.take_up(item_id, actor=actor, now=now)
    found = order_of(item)
    if found is None:
        raise NotPossible
    application = moving.lock(found.pk)
    holding.require_unbiased(person, application, now=now)
    field = address_field(item, application)
    if not field:
        raise NotPossible
    moving.save(application, now=now, **{field: address})
    moving.record(application, "correct_address", actor=actor, now=now, data={"field": field})
    return application
