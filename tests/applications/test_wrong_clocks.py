"""A machine whose clock is wrong confirms, prepares and signs nothing until it is right."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications import services
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from issuance.models import Certificate, PreparedCertificate
from issuance.services.issuing.issue_confirmed import CONFIRMATION_LASTS

TOO_FAR = clock.MAY_DIFFER + timedelta(seconds=30)
OPEN = {"done_at": None, "failed_at": None}


@pytest.fixture
def approved(matti, riitta, cas) -> Application:
    """Approved; the workers have not gone on yet."""
    case = orders.claimed(matti, riitta, "test_system_signature")
    orders.approve(riitta, case)
    return case


def do(topic) -> OutboxItem:
    """Have a worker try the open item of this topic, whenever it is due."""
    item = OutboxItem.objects.get(topic=topic, **OPEN)
    OutboxItem.objects.filter(pk=item.pk).update(due_at=timezone.now() - timedelta(days=1))
    orders.drain()
    item.refresh_from_db()
    return item


def confirm(approved) -> None:
    """Release the order for the signer, as its worker does."""
    services.confirm(approved.pk, None, now=clock.now())
    OutboxItem.objects.filter(topic="certificate.approved").update(done_at=clock.now())


def delivered(approved) -> bool:
    approved.refresh_from_db()
    return approved.status == Status.DELIVERED


@pytest.mark.parametrize("ahead", [CONFIRMATION_LASTS + TOO_FAR, -TOO_FAR, -timedelta(hours=1)])
def test_a_signer_with_a_wrong_clock_asks_nobody_and_signs_nothing(approved, off_by, ahead):
    confirm(approved)
    off_by(ahead)
    item = do("certificate.confirmed")
    assert item.problem == "ClockDiffers"
    assert item.failed_at is None
    assert not OutboxItem.objects.filter(topic="certificate.approved", **OPEN).exists()
    assert not Certificate.objects.filter(reference=approved.pk).exists()
    off_by(timedelta(0))
    do("certificate.confirmed")
    assert delivered(approved)


@pytest.mark.parametrize("ahead", [-CONFIRMATION_LASTS - TOO_FAR, TOO_FAR])
def test_nor_does_a_worker_confirm_by_a_wrong_clock(approved, off_by, ahead):
    off_by(ahead)
    item = do("certificate.approved")
    assert item.problem == "ClockDiffers"
    assert not OutboxItem.objects.filter(topic="certificate.confirmed").exists()
    off_by(timedelta(0))
    do("certificate.approved")
    assert delivered(approved)


def test_a_confirmation_of_a_later_time_is_asked_for_again(approved, now):
    """It was made by a clock that was ahead, so nobody knows how old it is."""
    services.confirm(approved.pk, None, now=clock.now() + timedelta(hours=1))
    OutboxItem.objects.filter(topic="certificate.approved").update(done_at=now)
    do("certificate.confirmed")
    assert OutboxItem.objects.filter(topic="certificate.approved").count() == 2
    assert delivered(approved)


def test_nothing_is_prepared_that_would_be_valid_only_later(matti, riitta, cas, off_by):
    case = orders.in_review(matti)
    off_by(TOO_FAR)
    act(riitta, services.claim, case)
    item = do("application.claimed")
    assert item.problem == "ClockDiffers"
    assert not PreparedCertificate.objects.exists()
    off_by(timedelta(0))
    do("application.claimed")
    assert PreparedCertificate.objects.get().state == PreparedCertificate.State.PREPARED


def test_clocks_that_differ_a_little_delay_nothing(approved, off_by):
    off_by(clock.MAY_DIFFER - timedelta(seconds=10))
    orders.drain()
    assert delivered(approved)
