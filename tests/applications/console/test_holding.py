"""Whose case it is: nobody's when its reviewer has gone, and never a former colleague's."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts.models import Membership
from accounts.register.models import RegisterRecord
from accounts.services.people import merge
from accounts.services.rights import staff_roles
from applications import services
from certportal.dev.builders import orders
from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem
from issuance.models import PreparedCertificate
from issuance.services.errors import OwnOrganisationLately
from tests.applications.console.conftest import Desk
from tests.tables import rewrite

LEFT = "within the last 12 months"


@pytest.fixture
def estrange(riitta, pharmacy, now):
    """Let Riitta have left the pharmacy so many days ago."""

    def left(days):
        Membership.objects.create(
            person=riitta,
            organisation=pharmacy,
            role="applicant",
            basis="invitation",
            begun_at=now - timedelta(days=900),
            ended_at=now - timedelta(days=days),
        )

    return left


def test_whoever_left_the_organisation_lately_is_told_before_taking_the_case(
    waiting, desk, estrange
):
    estrange(30)
    page = desk.open("case", waiting.pk)
    assert page.context["offers"] == set()
    assert LEFT in page.text
    assert desk.press("claim", waiting).status_code == 403
    assert waiting.reviewer is None
    assert desk.client.post(desk.url("take_next")).url == desk.url("queue")


def test_after_a_year_the_case_may_be_taken(waiting, desk, estrange, riitta):
    estrange(400)
    assert "claim" in desk.open("case", waiting.pk).context["offers"]
    desk.press("claim", waiting)
    assert waiting.reviewer == riitta


def test_nor_does_a_former_colleague_decide_by_another_way(case, riitta, estrange):
    services.reject(
        case.pk, reasons="Ei.", **orders.UNHEARD, person=riitta, **orders.Handler(riitta, case).seen
    )
    estrange(30)
    seen = orders.Handler(riitta, case).seen
    with pytest.raises(OwnOrganisationLately):
        services.reopen(case.pk, reasons="Virhe.", person=riitta, **seen)


def test_the_case_of_one_who_is_no_reviewer_any_more_is_free(case, riitta, raimo, other_desk):
    staff_roles.end_reviewer(riitta, actor=system("test"), now=orders.clock.now())

    page = other_desk.open("case", case.pk)
    assert "no longer a reviewer" in page.text
    assert case.number in other_desk.open("queue", view="free").text
    assert str(case.pk) in other_desk.client.post(other_desk.url("take_next"))["Location"]
    case.refresh_from_db()
    orders.drain()
    assert case.reviewer == raimo
    assert "request_info" in other_desk.open("case", case.pk).context["offers"]


def test_so_is_the_question_that_person_asked(case, desk, other_desk, riitta):
    desk.press("ask", case, reason="Mikä?", sections=["contact"], deadline="31.12.2099", send="1")
    staff_roles.end_reviewer(riitta, actor=system("test"), now=orders.clock.now())

    assert "cancel_request" in other_desk.open("case", case.pk).context["offers"]
    other_desk.press("cancel_request", case)
    assert case.status == "in_review"


def mails_to_riitta():
    """Do the open work; return the mails to Riitta of it."""
    mail.outbox[:] = []
    orders.drain()
    return [one for one in mail.outbox if one.to == ["riitta@example.fi"]]


def add(matti, case):
    seen = orders.Handler(matti, case).seen
    services.add_information(case.pk, text="Nimi on uusi.", person=matti, **seen)


def end_role(riitta):
    staff_roles.end_reviewer(riitta, actor=system("test"), now=orders.clock.now())


def test_who_is_no_reviewer_any_more_is_told_nothing_of_what_the_applicant_adds(
    case, matti, riitta
):
    add(matti, case)
    assert mails_to_riitta()
    add(matti, case)
    end_role(riitta)
    assert mails_to_riitta() == []  # the mail that waited when the role ended
    add(matti, case)
    notices = OutboxItem.objects.filter(payload__notice="information_added")
    assert notices.filter(done_at=None).count() == 0
    assert mails_to_riitta() == []


def test_nor_of_the_answer_to_a_hearing(case, matti, riitta):
    orders.hear(riitta, case, orders.clock.day(orders.clock.now()) + timedelta(days=14))
    end_role(riitta)
    seen = orders.Handler(matti, case).seen
    services.answer_hearing(case.pk, text="Se on meidän.", person=matti, **seen)
    assert mails_to_riitta() == []


def test_nor_of_an_approved_order_that_came_back(ready, riitta):
    orders.press_approve(riitta, ready)
    name = "Helsingin uusi apteekki"
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), long_name=name)
    end_role(riitta)
    assert mails_to_riitta() == []
    ready.refresh_from_db()
    assert ready.status == "in_review"


def test_two_keys_of_one_reviewer_hold_the_same_cases(case, riitta, raimo):
    merge.merge(riitta, into=raimo, actor=system("test"), now=orders.clock.now())
    Desk(raimo).press("claim", case)
    assert case.reviewer == raimo


def test_what_the_register_says_by_now_stands_before_the_button(ready, desk):
    assert "approve" in desk.open("case", ready.pk).context["offers"]
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), status="passive")
    page = desk.open("case", ready.pk)
    assert "approve" not in page.context["offers"]
    assert any("register" in one for one in page.context["obstacles"])
    assert page.context["obstacles"][0].split(".")[0] in page.text
    assert {"request_info", "reject"} <= page.context["offers"]


def test_names_that_changed_can_be_prepared_again_without_giving_the_case_back(ready, desk):
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), long_name="Helsingin uusi apteekki")
    page = desk.open("case", ready.pk)
    assert "approve" not in page.context["offers"]
    assert "claim" in page.context["offers"]
    desk.press("claim", ready)
    orders.drain()
    assert orders.prepared(ready).attempt == 2
    assert "approve" in desk.open("case", ready.pk).context["offers"]


def test_what_was_prepared_from_an_earlier_submission_can_be_prepared_again(ready, desk):
    """A slow preparation ended after the applicant had sent another one."""
    made = PreparedCertificate.objects.filter(pk=orders.prepared(ready).pk)
    rewrite(made, submission_sha256="0" * 64)
    page = desk.open("case", ready.pk)
    assert "approve" not in page.context["offers"]
    assert "claim" in page.context["offers"]
    desk.press("claim", ready)
    orders.drain()
    assert "approve" in desk.open("case", ready.pk).context["offers"]


def test_a_mirror_too_old_is_named(ready, desk, monkeypatch):
    monkeypatch.setattr("accounts.register.lookup.queries.is_fresh", lambda *_, **__: False)
    page = desk.open("case", ready.pk)
    assert "approve" not in page.context["offers"]
    assert "too old" in page.text
