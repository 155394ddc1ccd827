"""What changed since the reader last did something stands on top of the case."""

import json
from datetime import timedelta

from accounts.access import actor_for
from applications import services
from applications.models import Submission
from applications.views.shared import submissions
from applications.workflow import ApplicationEvent
from certportal.dev.builders import orders, people
from certportal.foundation import clock, events

DEADLINE = timedelta(days=14)


def answered(case, matti, riitta, **values):
    """Let Riitta ask for the validity, and Matti answer with these values."""
    services.request_info(
        case.pk,
        reason="Kuinka kauan?",
        sections=["validity"],
        deadline=clock.day(clock.now()) + DEADLINE,
        person=riitta,
        **orders.Handler(riitta, case).seen,
    )
    if values:
        seen = orders.Handler(matti, case).seen
        services.save_section(case.pk, "validity", values, **seen)
    orders.resubmit(matti, case)
    orders.drain()
    case.refresh_from_db()


def test_an_answer_stands_on_top_with_what_it_changed(case, desk, matti, riitta):
    assert desk.open("case", case.pk).context["since"] is None
    answered(case, matti, riitta, validity_months=6, start=None)
    page = desk.open("case", case.pk)
    assert [one.label for one in page.context["since"].changes] == ["Validity"]
    assert ": 1 change" in page.text
    assert page.text.index('id="since"') < page.text.index('id="comparison"')
    assert page.text.count('id="changes"') == 0


def test_an_answer_that_changed_nothing_says_so(case, desk, matti, riitta):
    answered(case, matti, riitta)
    assert "nothing in the order changed" in desk.open("case", case.pk).text


def test_a_request_that_came_before_the_review_is_no_change_of_an_answer():
    first, answer = (
        {"csr": csr, "contact_phone": phone} for csr, phone in ((None, "1"), ("f3a0", "2"))
    )
    pair = [Submission(content=json.dumps(one)) for one in (first, answer)]
    assert [one.after for one in submissions.changes(pair)] == ["2"]


def test_line_ends_and_letters_that_only_programs_write_otherwise_are_no_change():
    """Of what was sent before forms took them in one way."""
    first, answer = (
        {"additional_info": text, "host_names": [name]}
        for text, name in (("A\r\nB", "Ja\u0308rvi"), ("A\nB", "J\u00e4rvi"))
    )
    pair = [Submission(content=json.dumps(one)) for one in (first, answer)]
    assert submissions.changes(pair) == []


def test_a_look_of_an_auditor_changes_nothing(case, desk, web_of):
    web_of(people.make_auditor("Anneli Auditoija")).get(desk.url("case", case.pk))
    assert desk.open("case", case.pk).context["since"] is None


def test_whoever_acts_has_seen_it(case, desk, matti, riitta):
    answered(case, matti, riitta)
    desk.press("note", case, text="Luettu.")
    assert desk.open("case", case.pk).context["since"] is None


def test_the_first_person_reads_what_the_second_one_did(ready, desk, other_desk, raimo, riitta):
    other_desk.press("take_over", ready, reason="Sairaana.")
    since = desk.open("case", ready.pk).context["since"]
    assert [(one.who, one.at > since.at) for one in since.lines] == [(str(raimo), True)]


def test_the_second_person_who_wrote_before_reads_the_first_one_s_approval(
    ready, desk, other_desk, riitta, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    other_desk.press("note", ready, text="Katson tämän.")
    orders.press_approve(riitta, ready)
    page = other_desk.open("approve", ready.pk)
    assert page.context["since"].lines[0].who == str(riitta)
    assert 'id="checklist"' in page.text and 'id="since"' in page.text


def test_the_second_person_who_never_acted_reads_what_came_after_the_first_approval(
    ready, desk, other_desk, riitta, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    orders.press_approve(riitta, ready)
    assert other_desk.open("approve", ready.pk).context["since"] is None
    desk.press("note", ready, text="Luettu.")
    for name in ("case", "approve"):
        page = other_desk.open(name, ready.pk)
        assert [one.who for one in page.context["since"].lines] == [str(riitta)]
        assert "What has happened since the latest approval" in page.text


def test_whoever_only_looked_or_was_refused_has_not_acted(
    ready, desk, other_desk, raimo, riitta, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    orders.press_approve(riitta, ready)
    desk.press("note", ready, text="Luettu.")
    actor, now = actor_for(raimo), clock.now()
    services.record_case_viewed(ready, actor=actor, now=now)
    services.record_download(ready, "pem", actor=actor, now=now)
    for taken in ("CERTIFICATE_TAKEN", "HEARING_DOCUMENT_TAKEN"):
        events.record(ApplicationEvent[taken], ready, actor, now)
    events.record(ApplicationEvent.ACCESS_REFUSED, ready, actor, now, refused=True)
    since = other_desk.open("case", ready.pk).context["since"]
    assert [one.who for one in since.lines] == [str(riitta)]


def test_a_download_of_others_is_no_change(ready, desk, matti):
    services.record_download(ready, "pem", actor=actor_for(matti), now=clock.now())
    assert desk.open("case", ready.pk).context["since"] is None


def test_who_never_acted_reads_what_the_answer_changed_since_the_order_was_sent(
    case, other_desk, matti, riitta
):
    answered(case, matti, riitta, validity_months=6, start=None)
    since = other_desk.open("case", case.pk).context["since"]
    assert [one.label for one in since.changes] == ["Validity"]
    assert str(riitta) in [one.who for one in since.lines]


def test_of_a_case_just_sent_nothing_is_said(waiting, other_desk):
    assert other_desk.open("case", waiting.pk).context["since"] is None


def test_who_loses_a_race_reads_the_difference_and_is_offered_the_next(case, desk, matti):
    seen = case.version
    handler = orders.Handler(matti, case)
    services.add_information(case.pk, text="Lisätieto", person=matti, **handler.seen)
    given = {"reasons": "Verkkotunnus kuuluu toiselle.", "send": "1"} | orders.UNHEARD
    answer = desk.press("reject", case, version=seen, **given)
    assert answer.status_code == 409
    assert given["reasons"] in answer.text
    assert [one.text for one in answer.context["since"].lines] == [
        "The applicant added information"
    ]
    assert desk.url("take_next") in answer.text


def test_a_lost_press_shows_the_difference_too(case, desk, other_desk, raimo):
    seen = case.version
    other_desk.press("take_over", case, reason="Sairaana.")
    answer = desk.press("release", case, version=seen)
    assert answer.status_code == 409
    assert str(raimo) in answer.text and 'id="since"' in answer.text
