"""The applicant is faster than the reviewer: what the reviewer wrote stands on the page."""

from datetime import timedelta

import pytest

from applications import services
from certportal.dev.builders import orders
from certportal.dev.builders.acts import do
from certportal.foundation import clock
from certportal.foundation.models import Event
from tests.applications.console.listed import ready

WRITTEN = "Verkkotunnus kuuluu toiselle. Katsoin Traficomin rekisteristä."


@pytest.fixture
def seen(case, matti):
    """The version that Riitta saw before Matti added to the case."""
    before = case.version
    handler = orders.Handler(matti, case)
    services.add_information(case.pk, text="Lisätieto", person=matti, **handler.seen)
    return before


def typed(name):
    """Return what the reviewer has typed on the page."""
    deadline = clock.day(clock.now()) + timedelta(days=14)
    asked = {"sections": ["contact", "delivery"], "deadline": deadline.isoformat(), "send": "1"}
    rejected = {"reasons": WRITTEN, "send": "1"} | orders.UNHEARD
    return {"ask": {"reason": WRITTEN, "wanted": ""} | asked, "reject": rejected}[name]


@pytest.mark.parametrize(("name", "status"), [("ask", "info_requested"), ("reject", "rejected")])
def test_what_was_written_is_kept_and_sent_at_the_second_try(case, desk, seen, name, status):
    answer = desk.press(name, case, version=seen, **typed(name))
    assert answer.status_code == 409
    assert "has changed since you opened the page" in answer.text
    assert WRITTEN in answer.text
    assert desk.url("case", case.pk) in answer.text
    assert case.status == "in_review"
    again = {one.name: one.value() for one in answer.context["form"]}
    assert again["version"] == str(case.version)
    desk.client.post(desk.url(name, case.pk), again | typed(name))
    case.refresh_from_db()
    assert case.status == status


def test_the_parts_ticked_stay_ticked(case, desk, seen):
    page = desk.press("ask", case, version=seen, **typed("ask"))
    assert page.context["form"]["sections"].value() == ["contact", "delivery"]


def test_reasons_stay_when_the_applicant_has_withdrawn(case, desk, matti):
    services.withdraw(case.pk, **orders.Handler(matti, case).seen)
    for name in ("ask", "reject"):
        answer = desk.press(name, case, **typed(name))
        assert answer.status_code == 409
        assert WRITTEN in answer.text


@pytest.mark.parametrize("name", ["ask", "reject"])
def test_what_was_written_stays_when_another_has_taken_the_case(case, desk, other_desk, name):
    desk.press("release", case)
    other_desk.press("claim", case)
    answer = desk.press(name, case, **typed(name))
    assert answer.status_code == 403
    assert WRITTEN in answer.text
    assert f"{other_desk.person} has the case." in answer.text
    answer = desk.press(name, case, **typed(name), template=ready("No evidence"))
    assert WRITTEN in answer.text
    assert case.status == "in_review"
    assert Event.objects.filter(action="act.refused", refused=True).exists()


@pytest.mark.parametrize("name", ["ask", "reject"])
def test_who_previews_what_was_written_on_a_case_taken_over_is_offered_the_next(
    case, desk, other_desk, matti, name
):
    orders.in_review(matti)
    other_desk.press("take_over", case, reason="Sairaana.")
    written = typed(name)
    del written["send"]
    answer = desk.press(name, case, **written, preview="1")
    assert WRITTEN in answer.text and f"{other_desk.person} has the case." in answer.text
    assert answer.text.count(desk.url("take_next")) == 1


def test_somebody_was_faster_only_where_somebody_was(case, desk, other_desk):
    again = desk.press("claim", case)
    assert again.status_code == 409
    assert "Somebody was faster" not in again.text
    assert "The certificate has been prepared already." in again.text
    desk.press("release", case)
    other_desk.press("claim", case)
    late = desk.press("claim", case)
    assert late.status_code == 409
    assert "Somebody was faster" in late.text
    assert str(other_desk.person) in late.text


def test_a_note_on_evidence_is_kept(case, desk, seen):
    host = case.host_names.first()
    given = {"evidence": "registry", "note": "Traficom 25.11."}
    answer = desk.press("evidence", case, host.pk, version=seen, **given)
    assert answer.status_code == 409
    assert 'value="Traficom 25.11."' in answer.text
    host.refresh_from_db()
    assert host.evidence == ""
    desk.press("evidence", case, host.pk, **given)
    host.refresh_from_db()
    assert host.evidence == "registry"


def test_a_later_deadline_is_kept_when_the_case_has_changed(case, desk, riitta):
    today = clock.day(clock.now())
    orders.ask(riitta, case, today + timedelta(days=10))
    before = case.version
    do(riitta, services.extend_deadline, case, deadline=today + timedelta(days=20))
    later = (today + timedelta(days=30)).isoformat()
    answer = desk.press("extend", case, version=before, deadline=later)
    assert answer.status_code == 409
    assert "not saved yet" in answer.text
    again = {one.name: one.value() for one in answer.context["form"]}
    assert again == {"version": str(case.version), "deadline": later}
    assert desk.client.post(desk.url("extend", case.pk), again).status_code == 302


def test_more_time_for_an_answer_that_has_come_offers_the_next_case(case, desk, riitta, matti):
    orders.ask(riitta, case, clock.day(clock.now()) + timedelta(days=10))
    orders.resubmit(matti, case)
    answer = desk.press("extend", case, deadline="2099-01-01")
    assert answer.status_code == 409
    assert "Take the next case" not in answer.text
    orders.in_review(matti)
    answer = desk.press("extend", case, deadline="2099-01-01")
    assert "Take the next case" in answer.text
    assert str(matti) in answer.text


def test_what_cannot_be_approved_offers_the_next_case_if_one_waits(case, desk, riitta, matti):
    orders.ask(riitta, case, clock.day(clock.now()) + timedelta(days=10))
    assert "Take the next case" not in desk.open("approve", case.pk).text
    orders.in_review(matti)
    assert "Take the next case" in desk.open("approve", case.pk).text
