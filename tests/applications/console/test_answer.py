"""What the applicant answered is read on top of the case and where it is decided."""

from datetime import timedelta

import pytest

from applications import services
from certportal.dev.builders import documents, orders
from certportal.dev.builders.acts import do
from certportal.foundation import clock

REPLY = "Verkkotunnus siirtyi meille 20.11.2026."
QUESTION = "Kenen verkkotunnus on?"
WHERE = ("case", "approve", "reject", "ask", "hear")


def ask(riitta, case, **more):
    deadline = clock.day(clock.now()) + timedelta(days=14)
    asked = {"reason": QUESTION, "sections": ["validity"], "deadline": deadline}
    do(riitta, services.request_info, case, **asked | more)


def shown(desk, case, name):
    """Return the answer's words, file names and question as the page has them."""
    found = desk.open(name, case.pk).context["answer"]
    if found is None:
        return None
    said = [
        (one.entry.text, [document.attachment.name for document in one.documents])
        for one in found.written
    ]
    return said, found.question and found.question.text


@pytest.fixture
def answered(ready, riitta, matti):
    """A case that can be approved after Matti answered in words and sent a document along."""
    ask(riitta, ready, wanted="Sopimus")
    paper = {"data": documents.pdf(), "name": "sopimus.pdf"}
    do(matti, services.attach_to_answer, ready.pk, **paper)
    orders.resubmit(matti, ready, reply=REPLY)
    orders.drain()
    ready.refresh_from_db()
    return ready


def test_the_answer_is_read_with_its_documents_wherever_the_case_is_decided(answered, desk):
    for name in WHERE:
        said, question = shown(desk, answered, name)
        assert said == [(REPLY, ["sopimus.pdf"])], name
        assert QUESTION in question
        assert desk.open(name, answered.pk).text.count('id="answer"') == 1, name


def test_it_stands_on_top_of_the_case_and_stays_there_after_the_reader_acted(answered, desk):
    page = desk.open("case", answered.pk).text
    assert page.index("Answered ") < page.index(REPLY) < page.index('id="comparison"')
    desk.press("note", answered, text="Luettu.")
    page = desk.open("case", answered.pk).text
    assert 'id="since"' not in page
    assert page.index(REPLY) < page.index('id="comparison"')


def test_the_statement_of_who_was_heard_is_read_before_a_rejection(case, desk, riitta, matti):
    ask(riitta, case, is_hearing=True, material="Ote", sections=[])
    do(matti, services.answer_hearing, case, text=REPLY)
    case.refresh_from_db()
    page = desk.open("case", case.pk)
    assert "Answer from the applicant" in page.text
    assert ": nothing in the order changed" in page.text
    page = desk.open("reject", case.pk).text
    assert REPLY in page and "The answer came on" in page
    page = desk.press("reject", case, reasons="Ei kuulu hakijalle.", preview="1").text
    assert page.index(REPLY) < page.index('class="letter"')


def test_a_rejection_after_the_term_says_that_no_answer_came(case, desk, riitta):
    ask(riitta, case, is_hearing=True, material="Ote", sections=[])
    case.requests.update(deadline=clock.day(clock.now()) - timedelta(days=1))
    page = desk.open("reject", case.pk)
    assert "No answer came by" in page.text
    assert page.context["answer"] is None


def test_what_was_written_unasked_is_read_there_too(ready, desk, matti):
    do(matti, services.add_information, ready, text=REPLY)
    for name in ("case", "reject"):
        assert shown(desk, ready, name) == ([(REPLY, [])], None), name


def test_only_what_came_after_the_last_question_is_shown(answered, desk, riitta, matti):
    ask(riitta, answered, reason="Entä toinen nimi?")
    assert shown(desk, answered, "case")[0] == [(REPLY, ["sopimus.pdf"])]
    orders.resubmit(matti, answered, reply="Sekin on meidän.")
    orders.drain()
    said, question = shown(desk, answered, "case")
    assert (said, "toinen nimi" in question) == ([("Sekin on meidän.", [])], True)


def test_what_is_asked_now_is_read_before_the_earlier_answer(answered, desk, riitta, matti):
    ask(riitta, answered, reason="Entä toinen nimi?")
    page = desk.open("case", answered.pk).text
    assert page.index("Entä toinen nimi?") < page.index(REPLY) < page.index('id="comparison"')
    orders.resubmit(matti, answered, reply="Sekin on meidän.")
    page = desk.open("case", answered.pk).text
    assert page.index("Sekin on meidän.") < page.index("Entä toinen nimi?")


def test_a_closed_case_has_it_in_its_correspondence_alone(answered, desk):
    desk.reject(answered, "Ei kuulu hakijalle.")
    page = desk.open("case", answered.pk)
    assert page.context["answer"] is None
    assert page.text.count(REPLY) == 1
