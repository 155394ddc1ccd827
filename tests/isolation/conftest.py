"""What an organisation has that nobody else may find."""

import pytest

from accounts import access
from accounts.services.organisations import invite, join
from applications.models import Application, BulkOrder
from certportal.dev.builders import orders, people
from tests.applications.conftest import stored as stored


@pytest.fixture
def order(matti, maija, riitta, cas, now):
    """An order of the pharmacy, its certificate delivered; somebody invited, somebody asking."""
    pharmacy, by = matti.memberships.get().organisation, access.actor_for(matti)
    who = {"role": "applicant", "language": "fi", "by": matti}
    invite.invite(pharmacy, "uusi@example.fi", **who, actor=by, now=now)
    asker = people.make_person("Pekka Pyytäjä")
    join.ask(asker, "9900001-8", actor=access.actor_for(asker), now=now)
    return orders.delivered(matti, riitta)


@pytest.fixture
def draft(matti, now):
    """A draft of the pharmacy with its request and an attachment, begun together with others."""
    made = orders.with_csr(matti, "system_signature")
    together = BulkOrder.objects.create(created_at=now, asked="0" * 64)
    Application.objects.filter(pk=made.pk).update(bulk_order=together)
    made.refresh_from_db()
    return made
