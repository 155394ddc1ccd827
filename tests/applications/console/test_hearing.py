"""Hearing the applicant before a rejection (hallintolaki 34 §)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.html import escape

from accounts.register.models import RegisterRecord
from applications import services
from applications.documents import paper_text
from applications.errors import NotPossible
from applications.models import Decision
from applications.rules import lapse
from applications.services.applicant import answers
from applications.services.reviewer.decision import NotHeard
from applications.workflow import Status, promise
from certportal.dev.builders import documents, orders
from certportal.foundation import clock, working_days
from certportal.foundation.models import Event
from tests.tables import rewrite

GROUNDS = "Verkkotunnus kuuluu toiselle."
EXTRACT = "Traficomin ote 25.11."


def day(distance):
    """Return the day so far from today, and of those to come a working day, where terms end."""
    on = clock.day(clock.now()) + timedelta(days=distance)
    return working_days.working_day(on) if distance > 0 else on


def hear(desk, case, **values):
    given = {"reason": GROUNDS, "material": EXTRACT, "deadline": day(14).isoformat(), "send": "1"}
    return desk.press("hear", case, **given | values)


@pytest.fixture
def heard(case, desk):
    """A case whose applicant is asked what they say to the grounds."""
    assert hear(desk, case).status_code == 302
    orders.drain()
    return case


def test_a_hearing_without_grounds_says_that_these_are_missing(case, desk):
    assert "Write why it would be rejected." in hear(desk, case, reason="").text


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
    assert "Write what the decision would be based on." in answer.text
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


def end_unit():
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), status="passive")


def answered(client, case, text="Olemme ostaneet sen."):
    """Answer as the order's page leads there, or the page that would send the order again."""
    address = reverse("applications:answer_hearing", args=[case.pk])
    check = client.get(reverse("applications:check", args=[case.pk]))
    assert check.status_code == 302 or address in check.text
    page = client.get(check.url if check.status_code == 302 else address)
    assert GROUNDS in page.text and EXTRACT in page.text
    version = page.context["form"]["version"].value()
    return client.post(address, {"version": version, "text": text})


def test_who_is_heard_about_an_ended_unit_answers_all_the_same(heard, desk, matti, web_of):
    end_unit()
    left, mail.outbox[:] = heard.days_left, []
    page = web_of(matti).get(reverse("applications:order", args=[heard.pk])).text
    assert reverse("applications:answer_hearing", args=[heard.pk]) in page
    assert answered(web_of(matti), heard, text=" ").status_code == 200
    answer = answered(web_of(matti), heard)
    assert answer.url == reverse("applications:order", args=[heard.pk])
    orders.drain()
    heard.refresh_from_db()
    assert (heard.status, heard.submissions.count()) == ("in_review", 1)
    assert (heard.due_on, heard.days_left) == (promise.due_on(clock.now(), left), None)
    assert any("jota kuulit" in one.body for one in mail.outbox)
    assert "Olemme ostaneet sen." in desk.open("case", heard.pk).text
    desk.press("reject", heard, reasons=GROUNDS, send="1")
    made = heard.decisions.get()
    assert made.unheard == "" and "Asianosainen vastasi" in paper_text.decision(made)


def test_an_answer_in_words_leaves_out_no_draft_that_was_saved_meanwhile(heard, matti, web_of):
    address = reverse("applications:answer_hearing", args=[heard.pk])
    opened = web_of(matti).get(address).context["form"]
    services.keep_reply(heard.pk, text="Kauppakirja on liitteenä.", person=matti)
    given = {one.name: one.value() or "" for one in opened} | {"text": "Ostimme sen."}
    page = web_of(matti).post(address, given)
    assert page.status_code == 409
    shown = {one.name: one.value() or "" for one in page.context["form"]}
    assert shown["text"] == "Kauppakirja on liitteenä.\n\nOstimme sen."
    assert web_of(matti).post(address, shown).status_code == 302
    assert heard.additions.get().text == shown["text"]


def test_documents_go_with_an_answer_in_words(heard, desk, matti, web_of):
    given = {"data": documents.pdf("Kauppakirja"), "name": "kauppakirja.pdf"}
    services.attach_to_answer(heard.pk, **given, actor=orders.actor_for(matti), now=clock.now())
    answered(web_of(matti), heard)
    orders.drain()
    assert "kauppakirja.pdf" in desk.open("case", heard.pk).text
    (sent,) = Event.objects.get(action="application.answer_hearing").data["answer_documents"]
    assert sent == heard.attachments.get().sha256


def test_however_much_was_added_unasked_a_hearing_is_answered(heard, matti, monkeypatch):
    """It has a last day; what colleagues have added today takes nothing of it."""
    monkeypatch.setattr(answers, "MOST_ADDITIONS_A_DAY", 0)
    seen = orders.Handler(matti, heard).seen
    services.answer_hearing(heard.pk, text="Nimi on meidän.", person=matti, **seen)
    assert heard.additions.get().text == "Nimi on meidän."


def test_a_question_that_is_no_hearing_is_not_answered_in_words(case, desk, matti, web_of):
    orders.ask(desk.person, case, day(14))
    page = web_of(matti).get(reverse("applications:answer_hearing", args=[case.pk]))
    assert page.status_code == 409
    seen = orders.Handler(matti, case).seen
    with pytest.raises(NotPossible):
        services.answer_hearing(case.pk, text="Ei.", person=matti, **seen)


def test_what_the_answer_to_a_hearing_does_not_mend_comes_to_review(heard, desk, matti):
    orders.resubmit(matti, heard)
    end_unit()
    orders.drain()
    heard.refresh_from_db()
    assert heard.status == "in_review"
    assert heard.question is None and heard.findings
    assert "approve" not in desk.open("case", heard.pk).context["offers"]
    desk.press("reject", heard, reasons=GROUNDS, send="1")
    assert heard.status == "rejected"


def test_the_applicant_reads_afterwards_on_what_it_would_rest(heard, desk, matti, web_of):
    answered(web_of(matti), heard)
    page = web_of(matti).get(reverse("applications:order", args=[heard.pk]))
    assert "You were heard before a decision" in page.text
    assert GROUNDS in page.text and EXTRACT in page.text


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


def test_a_question_left_unanswered_gives_way_to_a_hearing(case, desk, matti):
    deadline = day(14).isoformat()
    desk.press("ask", case, reason="Mikä?", sections=["validity"], deadline=deadline, send="1")
    assert "hear" not in desk.open("case", case.pk).context["offers"]
    assert hear(desk, case).status_code == 400
    values = {"validity_months": 3, "start": None}
    services.save_section(case.pk, "validity", values, **orders.Handler(matti, case).seen)
    left = case.days_left
    case.requests.update(deadline=day(-1))
    assert desk.url("hear", case.pk) in desk.open("reject", case.pk).text
    assert hear(desk, case).status_code == 302
    orders.drain()
    case.refresh_from_db()
    assert (case.status, case.due_on, case.days_left) == ("info_requested", None, left)
    assert case.question.is_hearing and case.requests.filter(cancelled=True).count() == 1
    assert any(GROUNDS in one.body for one in mail.outbox)
    assert hear(desk, case).status_code == 409
    case.requests.filter(closed_at=None).update(deadline=day(-1))
    desk.press("reject", case, reasons=GROUNDS, send="1")
    assert case.decisions.get().unheard == ""


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


def told_of_pauses(desk, case):
    return list(desk.open("case", case.pk).context["pauses"])


def short(distance):
    return date_format(day(distance), "SHORT_DATE_FORMAT")


def test_the_case_says_that_the_clock_stands_for_a_hearing_and_until_when(heard, desk, matti):
    assert told_of_pauses(desk, heard) == [
        f"Paused since {short(0)}: the applicant is heard until {short(14)}."
    ]
    orders.resubmit(matti, heard)
    assert told_of_pauses(desk, heard) == [f"Paused {short(0)}: the applicant was heard."]


def test_a_hearing_nobody_answered_stood_until_its_term(heard, desk):
    heard.requests.update(deadline=day(-1))
    (told,) = told_of_pauses(desk, heard)
    assert told.endswith(f"–{short(-1)}: the applicant was heard and did not answer in time.")


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("answer", "the applicant was heard and answered late."),
        ("cancel", "a hearing, which was taken back."),
        ("reject", "the applicant was heard and did not answer in time."),
    ],
)
def test_a_hearing_that_ended_after_its_term_says_how(heard, desk, matti, end, words):
    heard.requests.update(deadline=day(-1))
    if end == "answer":
        seen = orders.Handler(matti, heard).seen
        services.answer_hearing(heard.pk, text="Ostimme sen.", person=matti, **seen)
    elif end == "cancel":
        desk.press("cancel_request", heard)
    else:
        desk.press("reject", heard, reasons=GROUNDS, send="1")
    (told,) = told_of_pauses(desk, heard)
    assert told.endswith(words)


def test_the_case_says_of_a_question_that_information_was_asked_for(case, desk, matti, riitta):
    orders.ask(riitta, case, day(14))
    assert told_of_pauses(desk, case) == [
        f"Paused since {short(0)}: information is asked for by {short(14)}."
    ]
    orders.resubmit(matti, case)
    assert told_of_pauses(desk, case) == [f"Paused {short(0)}: information was asked for."]


@pytest.mark.parametrize(
    ("language", "status", "turn", "task"),
    [
        ("fi", "Kuultavana", "Sinua kuullaan ennen päätöstä. Vastaa", "Vastaa kuulemispyyntöön: "),
        (
            "sv",
            "Hörs till och med",
            "Du hörs före ett beslut. Svara",
            "Svara på begäran om hörande: ",
        ),
        ("en", "Hearing until", "Tell us your views before we decide. ", "Answer the hearing: "),
    ],
)
def test_the_organisation_reads_that_it_is_heard_and_until_when(
    heard, matti, web_of, language, status, turn, task
):
    web, begins = web_of(matti), f"/{language}"
    with translation.override(language):
        term = short(14)
        waits = str(escape(Status.INFO_REQUESTED.label))
    order = web.get(f"{begins}/orders/{heard.pk}/").text
    for page in (order, web.get(f"{begins}/orders/").text, web.get(f"{begins}/home/").text):
        assert status in page and term in page
    assert turn in order and waits not in order and "{#" not in order
    assert order.count(turn.partition(".")[0]) == 1
    assert task in web.get(f"{begins}/home/").text


def test_the_reviewers_lists_say_so_too(heard, desk):
    words = f"Hearing until {short(14)}"
    assert words in desk.open("queue", view="waiting").text
    assert words in desk.open("case", heard.pk).text


def test_more_time_and_its_withdrawal_are_told_to_who_is_heard_as_what_they_are(heard, desk):
    """Who was heard was asked for no information, and no part of the order is open to them."""
    mail.outbox.clear()
    heard.refresh_from_db()
    assert desk.press("extend", heard, deadline=day(20).isoformat()).status_code == 302
    orders.drain()
    heard.refresh_from_db()
    assert desk.press("cancel_request", heard).status_code == 302
    orders.drain()
    more_time, over = [one.body for one in mail.outbox if one.to == [heard.contact_email]]
    assert "pyyntöömme" in more_time and "auki vastaustasi varten" not in more_time
    assert "pyyntömme" in over
    assert "lisätietopyynt" not in more_time + over
