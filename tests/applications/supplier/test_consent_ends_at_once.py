"""The customer ends its consent while the supplier gives a request."""

from functools import partial

import pytest
from django.db import transaction

from accounts.event_names import AccountEvent
from accounts.services.organisations import consents
from applications import services
from applications.access import as_technician
from applications.errors import MayNotAct
from applications.workflow import Role, Status
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.models import Event
from tests.applications.at_once import Beside

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting(matti, given):
    return orders.waiting_for_contact(matti)


@pytest.fixture
def attaching(valma, waiting):
    by = {"actor": as_technician(valma, waiting, now=clock.now()), "now": clock.now()}
    stored = services.upload_csr(waiting.pk, orders.openssl_csr(), **by)
    seen = {"role": Role.TECHNICAL_CONTACT, "version": waiting.version}
    return partial(services.attach_csr, waiting.pk, stored.pk, **seen, **by)


def test_nothing_is_attached_once_the_consent_is_ending(matti, given, waiting, attaching):
    with transaction.atomic():
        act(matti, consents.end, given.pk)
        late = Beside(attaching)
    assert isinstance(late.end(), MayNotAct)
    waiting.refresh_from_db()
    assert waiting.status == Status.AWAITING_CSR


def test_a_consent_ends_after_what_is_being_attached(matti, given, waiting, attaching):
    with transaction.atomic():
        attaching()
        ending = Beside(partial(act, matti, consents.end, given.pk))
        assert ending.is_alive()
    assert ending.end() is None
    names = ("application.attach_csr", str(AccountEvent.CONSENT_ENDED))
    recorded = Event.objects.filter(action__in=names).order_by("pk")
    assert [one.action for one in recorded] == list(names)
