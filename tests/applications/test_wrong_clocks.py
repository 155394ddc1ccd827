"""A machine whose clock is wrong confirms, prepares and signs nothing until it is right."""

from datetime import timedelta

import pytest
from celery import current_app
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications import services
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.database.database_clock import ClockDiffers
from certportal.foundation.models import OutboxItem
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.services.errors import NotOpen
from issuance.services.issuing.issue_confirmed import CONFIRMATION_LASTS

ENDING = (
    "accounts.follow_days",
    "accounts.forget_expired",
    "applications.erase_expired",
    "applications.watch_drafts",
    "applications.watch_incomplete",
    "foundation.sweep_files",
    "register.catch_up",
)
"""Tasks by which something ends, is deleted or erased at its date."""

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


def test_nothing_ends_and_nothing_is_deleted_by_a_wrong_clock(matti, riitta, cas, off_by):
    """What a retention period has erased does not come back when the clock is right again."""
    delivered = orders.delivered(matti, riitta)
    draft = orders.draft(matti)
    waiting = orders.waiting_for_contact(matti)
    off_by(timedelta(days=40 * 365))
    current_app.autodiscover_tasks(force=True)
    for name in ENDING:
        with pytest.raises(ClockDiffers):
            current_app.tasks[name].run()
    kept = Application.objects.filter(erased_at=None).values_list("pk", "status")
    assert dict(kept) == {each.pk: each.status for each in (delivered, draft, waiting)}


def test_revocation_lists_and_open_work_do_not_wait_for_the_clock(cas, off_by):
    active = IssuingCA.objects.filter(state=IssuingCA.State.ACTIVE)
    before = dict(active.values_list("stem", "crl_number"))
    off_by(timedelta(days=40))
    current_app.autodiscover_tasks(force=True)
    for name in ("issuance.publish_crls", "foundation.sweep"):
        current_app.tasks[name].run()
    after = dict(active.values_list("stem", "crl_number"))
    assert before
    assert all(after[stem] > number for stem, number in before.items())


def test_what_was_prepared_by_a_clock_that_was_ahead_is_prepared_again(
    matti, riitta, cas, off_by, monkeypatch
):
    """On one machine the database's clock was as wrong, and the validity would begin later."""
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: timezone.now() + timedelta(hours=1))
        case = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, case)
    with pytest.raises(NotOpen):
        orders.press_approve(riitta, case)
    page = people.log_in(Client(), riitta).get(reverse("console:case", args=[case.pk]))
    assert "liian vanha" in page.text


def test_nor_is_it_signed_if_it_was_approved_meanwhile(matti, riitta, cas, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: timezone.now() + timedelta(hours=1))
        case = orders.claimed(matti, riitta)
        orders.approve(riitta, case)
    do("certificate.approved")
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    assert not Certificate.objects.exists()


def test_clocks_that_differ_a_little_delay_nothing(approved, off_by):
    off_by(clock.MAY_DIFFER - timedelta(seconds=10))
    orders.drain()
    assert delivered(approved)
