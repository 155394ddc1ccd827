"""Hearing the applicant before a rejection (hallintolaki 34 §)."""

from datetime import timedelta

import pytest
from django.core import mail

from applications import services
from applications.documents import paper_text
from applications.models import Decision
from applications.rules import lapse
from applications.services.reviewer.decision import NotHeard
from certportal.dev.builders import orders
from certportal.foundation import clock

GROUNDS = "Verkkotunnus kuuluu toiselle."
EXTRACT = "Traficomin ote 25.11."


def day(distance):
    return clock.day(clock.now()) + timedelta(days=distance)


def hear(desk, case, **values):
    given = {"reason": GROUNDS, "material": EXTRACT, "deadline": day(14).isoformat(), "send": "1"}
    return desk.press("hear", case, **given | values)


@pytest.fixture
def heard(case, desk):
    """A case whose applicant is asked what they say to the grounds."""
    assert hear(desk, case).status_code == 302
    orders.drain()
    return case


def reject(riitta, case, **without):
    seen = orders.Handler(riitta, case).seen
    return services.reject(case.pk, reasons=GROUNDS, person=riitta, **without, **seen)


def test_nobody_is_rejected_unheard_and_without_a_ground_of_the_act(case, desk, riitta):
    page = desk.open("reject", case.pk)
    assert desk.url("hear", case.pk) in page.text
    answer = desk.press("reject", case, reasons=GROUNDS, send="1")
    assert "Hear the applicant before you reject the order" in answer.text
    assert GROUNDS in answer.text
    for without in ({}, {"unheard": "whim", "unheard_because": "Kiire."}):
        with pytest.raises(NotHeard):
            reject(riitta, case, **without)
    case.refresh_from_db()
    assert case.status == "in_review"


def test_leaving_hearing_out_wants_words_that_stand_in_the_decision(case, desk):
    assert desk.reject(case, GROUNDS, unheard_because=" ").status_code == 200
    assert case.status == "in_review"
    desk.reject(case, GROUNDS, unheard="unfounded", unheard_because="Ei verkkotunnusta.")
    made = case.decisions.get()
    assert (made.unheard, made.unheard_because) == ("unfounded", "Ei verkkotunnusta.")
    text = paper_text.decision(made)
    assert "34 § 2 momentin 1 kohta" in text and "Ei verkkotunnusta." in text


def test_the_applicant_reads_grounds_documents_and_term_and_the_clock_stands(heard, matti, web_of):
    letter = next(one.body for one in mail.outbox if GROUNDS in one.body)
    assert EXTRACT in letter and "34 §" in letter
    assert (heard.status, heard.due_on) == ("info_requested", None)
    page = web_of(matti).get(f"/fi/orders/{heard.pk}/").text
    assert GROUNDS in page and EXTRACT in page
    assert "Vain näitä osia" not in page


def test_the_request_is_read_as_the_applicant_will_before_it_is_sent(case, desk):
    shown = desk.press(
        "hear",
        case,
        reason=GROUNDS,
        material=EXTRACT,
        deadline=day(14).isoformat(),
        preview="1",
    )
    assert EXTRACT in shown.context["mail"] and "34 §" in shown.context["mail"]
    assert case.status == "in_review"


def test_a_hearing_says_on_what_the_decision_would_rest(case, desk):
    answer = hear(desk, case, material=" ")
    assert "Write on what the decision would rest." in answer.text
    assert case.status == "in_review"


def test_it_is_rejected_after_the_answer_and_the_decision_says_so(heard, desk, matti, riitta):
    assert "reject" not in desk.open("case", heard.pk).context["offers"]
    due_before = heard.days_left
    orders.resubmit(matti, heard, reply="Olemme ostaneet sen.")
    orders.drain()
    heard.refresh_from_db()
    assert heard.status == "in_review" and heard.due_on is not None and due_before is not None
    page = desk.open("reject", heard.pk)
    assert "unheard" not in page.context["form"].fields
    desk.press("reject", heard, reasons=GROUNDS, send="1")
    made = heard.decisions.get()
    assert (heard.status, made.unheard) == ("rejected", "")
    assert "Asianosainen vastasi" in paper_text.decision(made)


def test_it_is_rejected_after_the_term_without_an_answer(heard, desk):
    assert desk.reject(heard, GROUNDS).status_code == 400
    heard.requests.update(deadline=day(-1))
    desk.press("reject", heard, reasons=GROUNDS, send="1")
    assert heard.status == "rejected"
    assert "Vastausta ei tullut" in paper_text.decision(heard.decisions.get())


def test_a_hearing_that_was_taken_back_or_of_before_does_not_count(heard, desk, riitta):
    desk.press("cancel_request", heard)
    with pytest.raises(NotHeard):
        reject(riitta, heard)
    hear(desk, heard)
    heard.requests.filter(closed_at=None).update(deadline=day(-1))
    desk.press("reject", heard, reasons=GROUNDS, send="1")
    desk.press("reopen", heard, reasons="Oikaisuvaatimus.")
    orders.drain()
    with pytest.raises(NotHeard):
        reject(riitta, heard)


def test_an_order_whose_applicant_is_heard_does_not_lapse(heard, matti):
    assert lapse.lapses_on(heard) is None
    services.watch_incomplete(now=clock.now() + timedelta(days=400))
    heard.refresh_from_db()
    assert heard.status == "info_requested"


def test_the_letter_is_read_before_it_is_sent(case, desk):
    shown = desk.press("reject", case, reasons=GROUNDS, preview="1", **orders.UNHEARD)
    assert case.status == "in_review" and not case.decisions.exists()
    assert GROUNDS in shown.context["text"] and "Muutoksenhaku" in shown.context["text"]
    hidden = {one: shown.context["form"][one].value() for one in shown.context["form"].fields}
    edited = desk.client.post(desk.url("reject", case.pk), hidden | {"edit": "1"})
    assert edited.context["form"]["reasons"].value() == GROUNDS
    desk.client.post(desk.url("reject", case.pk), hidden | {"send": "1"})
    case.refresh_from_db()
    assert case.status == "rejected"
    assert case.decisions.get().kind == Decision.Kind.REJECTED


def test_a_second_factor_of_long_ago_is_asked_for_and_nothing_is_lost(case, desk):
    desk.confirm(clock.now() - timedelta(hours=1))
    assert desk.open("reject", case.pk).status_code == 302
    answer = desk.reject(case, GROUNDS)
    assert "second-factor" in answer.text and GROUNDS in answer.text
    assert case.status == "in_review"
    desk.confirm()
    desk.reject(case, GROUNDS)
    assert case.status == "rejected"
