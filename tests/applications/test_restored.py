"""An older copy of the database: orders whose certificates the authority had signed already."""

from contextlib import suppress
from uuid import uuid4

import pytest
from django.core import mail
from django.db import transaction

from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.services.system.certificates import CannotRecord
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event, OutboxItem
from certportal.operations import self_checks
from issuance import services as authority
from issuance.models import Certificate, PreparedCertificate
from issuance.services.issuing.journal_approved import NobodyApproved
from tests.issuance.conftest import approve_by


class Forgotten(Exception):
    pass


@pytest.fixture
def case(matti, riitta, cas):
    """A claimed case whose certificate was signed, approved and delivered, and then forgotten."""
    application = orders.claimed(matti, riitta)
    with suppress(Forgotten), transaction.atomic():
        orders.approve(riitta, application)
        orders.drain()
        raise Forgotten
    mail.outbox.clear()
    application.refresh_from_db()
    assert application.status == Status.IN_REVIEW
    assert not Certificate.objects.exists()
    return application


def mend():
    outcomes = authority.reconcile(mend=True, now=clock.now())
    assert [outcome for _, outcome in outcomes] == ["fixed"]
    orders.drain()


def test_the_order_gets_the_certificate_that_was_signed_for_it(case):
    mend()
    case.refresh_from_db()
    assert case.status == Status.DELIVERED
    assert certificate_of(case) is not None
    packages = [one for one in mail.outbox if one.attachments]
    assert {one.to[0] for one in packages} == {case.contact_email, case.mailbox}
    assert Event.objects.filter(object_id=str(case.pk), action="application.restore").exists()
    assert authority.reconcile(mend=False, now=clock.now()) == []


def test_an_order_that_nobody_approved_stops_its_ca_until_the_certificate_is_revoked(
    matti, riitta, cas
):
    """Somebody approved past the registration authority, and the CA signed on that."""
    application = orders.claimed(matti, riitta)
    prepared = PreparedCertificate.objects.get(reference=application.pk)
    approve_by(riitta, prepared, clock.now())
    issued = authority.issue(application.pk, now=clock.now())
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.IN_REVIEW
    item = OutboxItem.objects.get(topic="certificate.issued", task="applications.record_issued")
    assert item.problem == "NotApproved"
    assert Event.objects.filter(action="issuance.disowned").count() == 1
    assert "journal-unapproved" in self_checks.failing("ca")
    other = orders.claimed(matti, riitta)
    orders.approve(riitta, other)
    with pytest.raises(NobodyApproved, match=issued.serial):
        authority.issue(other.pk, now=clock.now())
    authority.revoke(issued.pk, "superseded", actor=system("test"), now=clock.now())
    assert "journal-unapproved" not in self_checks.failing("ca")
    assert authority.issue(other.pk, now=clock.now())


def test_an_order_that_asks_something_else_by_now_waits_for_a_person(case, matti):
    Application.objects.filter(pk=case.pk).update(status=Status.WITHDRAWN)
    mend()
    case.refresh_from_db()
    assert case.status == Status.WITHDRAWN
    item = OutboxItem.objects.get(topic="certificate.issued", task="applications.record_issued")
    assert item.failed_at is not None
    assert item.problem == "CannotRecord"


def test_a_certificate_of_an_unknown_order_waits_for_a_person(db):
    with pytest.raises(CannotRecord):
        services.record_issued(uuid4(), 1, now=clock.now())
