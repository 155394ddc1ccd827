"""Clocks of machines may be half a minute apart: nothing gets lost by it, and nobody waits."""

from datetime import date, timedelta

import pytest

from applications import services
from applications.models import Attachment
from applications.rules import answers
from applications.workflow import Status
from certportal.dev.builders import documents, orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem

AHEAD = clock.MAY_DIFFER - timedelta(seconds=10)


@pytest.fixture
def fortnight() -> date:
    """Return the day until which the applicant may answer."""
    return clock.day(clock.now()) + timedelta(days=14)


def attach_ahead(matti, order, off_by) -> Attachment:
    """Attach a document on a machine that is a little ahead of those of all later acts."""
    off_by(AHEAD)
    act(matti, services.attach_to_answer, order, data=documents.pdf(), name="todistus.pdf")
    off_by(timedelta(0))
    return order.attachments.get()


def test_a_document_of_a_machine_that_is_ahead_goes_with_the_answer(
    matti, riitta, cas, off_by, fortnight
):
    case = orders.claimed(matti, riitta)
    orders.ask(riitta, case, fortnight)
    document = attach_ahead(matti, case, off_by)
    orders.resubmit(matti, case)
    assert answers.unsent(case) == []
    assert answers.sent_with(case, [document])[document.pk].number == 2


def test_nor_does_it_get_lost_with_an_answer_in_words(matti, riitta, cas, off_by, fortnight):
    case = orders.claimed(matti, riitta)
    orders.hear(riitta, case, fortnight)
    document = attach_ahead(matti, case, off_by)
    act(matti, services.answer_hearing, case, text="Nimi on meidän.")
    assert answers.unsent(case) == []
    assert document.pk in answers.sent_with(case, [document])


def test_the_file_of_a_document_that_was_sent_is_kept(
    matti, riitta, cas, off_by, fortnight, django_capture_on_commit_callbacks
):
    off_by(AHEAD)
    order = orders.with_csr(matti, "system_signature")
    document = order.attachments.get(removed_at=None)
    name = document.file.name
    off_by(timedelta(0))
    orders.submit(matti, order)
    orders.drain()
    act(riitta, services.claim, order)
    asked = {"reason": "Todistus on vanha.", "sections": [document.kind], "deadline": fortnight}
    act(riitta, services.request_info, order, **asked)
    with django_capture_on_commit_callbacks(execute=True):
        orders.attach_conformity(matti, order, data=documents.pdf("B"))
    document.refresh_from_db()
    assert document.removed_at is not None
    assert document.file.storage.exists(name)


def test_a_worker_that_is_behind_tells_the_reviewer_of_the_answer_at_once(
    matti, riitta, cas, off_by, fortnight
):
    case = orders.claimed(matti, riitta)
    orders.ask(riitta, case, fortnight)
    orders.resubmit(matti, case)
    off_by(-AHEAD)
    waiting = OutboxItem.objects.filter(topic="application.checks_wanted", done_at=None)
    waiting.update(due_at=clock.now())
    orders.drain()
    assert not waiting.exists()
    assert OutboxItem.objects.filter(payload__notice="answered").count() == 1


def test_who_identified_on_a_machine_that_is_ahead_need_not_do_so_again(matti, riitta, cas):
    ahead = clock.now() + AHEAD
    order = orders.with_csr(matti)
    orders.submit(matti, order, identified_at=ahead)
    orders.drain()
    act(riitta, services.claim, order)
    orders.drain()
    orders.give_evidence(riitta, order)
    found = orders.prepared(order)
    shown = {"prepared_id": found.pk, "tbs_sha256": found.tbs_sha256}
    act(riitta, services.approve, order, **shown, reauthenticated_at=ahead)
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.DELIVERED
