"""A case that comes back to who holds it has its certificate prepared, and the page says so."""

import pytest

from applications import services
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from tests.tables import rewrite

AGAIN = "Have the certificate prepared again"


def answered(case, matti, desk):
    desk.press("ask", case, reason="Kuka?", sections=["contact"], deadline="31.12.2099", send="1")
    orders.resubmit(matti, case)


def replaced(case, matti, _desk):
    csr = services.upload_csr(
        case.pk, orders.openssl_csr(), actor=orders.actor_for(matti), now=clock.now()
    )
    seen = orders.Handler(matti, case).seen
    services.attach_csr(case.pk, csr.pk, role=orders.Role.APPLICANT, **seen)


def taken_up_again(case, _matti, desk):
    desk.reject(case, "Ei.")
    desk.press("reopen", case, reasons="Virhe.")


def taken_back(case, _matti, desk):
    desk.press("ask", case, reason="Kuka?", sections=["contact"], deadline="31.12.2099", send="1")
    desk.press("cancel_request", case)


@pytest.mark.parametrize("way", [answered, taken_up_again, taken_back])
def test_whatever_way_a_case_comes_back_its_certificate_is_prepared(case, matti, desk, way):
    way(case, matti, desk)
    orders.drain()
    case.refresh_from_db()
    assert (case.status, case.reviewer) == ("in_review", desk.person)
    page = desk.open("case", case.pk)
    assert page.context["stage"].id == "ready"
    assert AGAIN not in page.text
    assert orders.prepared(case).submission_sha256 == case.submission.sha256


def test_a_case_that_comes_back_to_the_queue_is_not_prepared(waiting, matti):
    replaced(waiting, matti, None)
    orders.drain()
    assert orders.prepared(waiting) is None


def test_while_it_is_being_prepared_nobody_is_offered_to_have_it_prepared(waiting, desk):
    answer = desk.client.post(
        desk.url("claim", waiting.pk), {"version": waiting.version}, follow=True
    )
    assert "Its certificate is being prepared." in answer.text
    assert answer.context["stage"].id == "preparing"
    assert AGAIN not in answer.text
    assert desk.press("claim", waiting).status_code == 409


def test_a_preparation_that_was_set_aside_is_told_and_can_be_asked_for_again(waiting, desk):
    desk.press("claim", waiting)
    rewrite(OutboxItem.objects.filter(topic="application.claimed"), failed_at=clock.now())
    page = desk.open("case", waiting.pk)
    assert page.context["stage"].id == "missing"
    assert "No certificate is prepared." in page.text
    assert AGAIN in page.text
    desk.press("claim", waiting)
    orders.drain()
    assert desk.open("case", waiting.pk).context["stage"].id == "ready"
