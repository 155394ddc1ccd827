"""Documents that go to the reviewer with the answer to a question."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from applications import services
from applications.rules import answers
from applications.services.applicant import attachments
from applications.views.shared.submissions import changes
from certportal.dev.builders import documents, orders, people
from certportal.foundation import clock
from certportal.foundation.models import Event
from tests.applications.views.conformity import upload

DECLARED = {"authority": "on", "domains": "on", "truth": "on", "binding": "on"}


@pytest.fixture
def asked(matti, riitta, cas):
    """An order about which Riitta has asked for a document."""
    case = orders.claimed(matti, riitta)
    services.request_info(
        case.pk,
        sections=["host_names"],
        reason="Lähettäkää todistus verkkotunnuksesta.",
        wanted="Verkkotunnuksen haltijan todistus",
        deadline=clock.day(clock.now()) + timedelta(days=14),
        person=riitta,
        **orders.Handler(riitta, case).seen,
    )
    case.refresh_from_db()
    return case


def attach(web, address, order, content=None, name="todistus.pdf", **more):
    order.refresh_from_db()
    file = upload(documents.pdf("A") if content is None else content, name)
    given = {"version": order.version, "file": file} | more
    return web.post(address("applications:answer_documents", order.pk), given)


def test_it_is_attached_sent_with_the_answer_and_read_by_the_reviewer(web, address, asked, riitta):
    page = address("applications:answer_documents", asked.pk)
    order = web.get(address("applications:order", asked.pk)).text
    assert page in order and "Requested" in order
    assert "Verkkotunnuksen haltijan todistus" in web.get(page).text
    assert attach(web, address, asked).url == page
    (document,) = answers.documents(asked)
    check = address("applications:check", asked.pk)
    assert "todistus.pdf" in web.get(check).text
    asked.refresh_from_db()
    web.post(check, {"version": asked.version, "reply": "Ohessa."} | DECLARED)
    asked.refresh_from_db()
    assert json.loads(asked.submission.content)["answer_documents"] == [document.sha256]
    case = people.log_in(Client(), riitta).get(reverse("console:case", args=[asked.pk])).text
    assert "todistus.pdf" in case
    file = address("applications:attachment", asked.pk, document.pk)
    assert web.get(file)["Content-Type"] == "application/pdf"
    answered = web.get(address("applications:order", asked.pk))
    assert [[one.name for one in entry.documents] for entry in answered.context["thread"]] == [
        [],
        ["todistus.pdf"],
    ]
    thread = answered.text[answered.text.index('id="thread"') :]
    assert thread.index("Ohessa.") < thread.index(f'href="{file}"') < thread.index("Attachments")


def test_once_sent_it_stays(web, address, asked, matti):
    attach(web, address, asked)
    document = answers.documents(asked).get()
    orders.resubmit(matti, asked)
    remove = address("applications:remove_attachment", asked.pk, document.pk)
    assert web.post(remove, {"version": asked.version}).status_code == 409
    assert web.get(address("applications:answer_documents", asked.pk)).status_code == 409
    document.refresh_from_db()
    assert document.removed_at is None


def test_before_that_it_can_be_taken_away(web, address, asked):
    attach(web, address, asked)
    document = answers.documents(asked).get()
    asked.refresh_from_db()
    remove = address("applications:remove_attachment", asked.pk, document.pk)
    answer = web.post(remove, {"version": asked.version})
    assert answer.url == address("applications:answer_documents", asked.pk)
    assert not answers.documents(asked).exists()


def test_several_but_not_any_number(web, address, asked):
    for number in range(answers.MOST_DOCUMENTS):
        attach(web, address, asked, documents.pdf(str(number)), name=f"{number}.pdf")
    refused = attach(web, address, asked, name="liikaa.pdf")
    assert "At most 5 documents" in refused.text
    assert answers.documents(asked).count() == answers.MOST_DOCUMENTS


def test_the_second_press_of_a_double_click_attaches_nothing(web, address, asked):
    seen = asked.version
    for _press in range(2):
        assert attach(web, address, asked, version=seen).status_code == 302
    assert answers.documents(asked).count() == 1
    attach(web, address, asked, documents.pdf("B"))
    assert answers.documents(asked).count() == 2


def test_who_is_removed_while_the_file_is_checked_attaches_nothing(
    web, address, asked, maija, monkeypatch
):
    """The check of a large file takes up to 20 seconds."""

    def removed(_data):
        maija.memberships.update(ended_at=clock.now())

    monkeypatch.setattr(attachments, "check_pdf", removed)
    assert attach(people.log_in(Client(), maija), address, asked).status_code == 403
    assert not answers.documents(asked).exists()


def test_what_is_no_pdf_and_a_missing_file_are_refused(web, address, asked):
    assert "not a PDF document" in attach(web, address, asked, b"<html>").text
    page = address("applications:answer_documents", asked.pk)
    assert "Choose a file." in web.post(page, {"version": asked.version}).text
    assert not answers.documents(asked).exists()


def test_a_file_is_not_lost_if_a_colleague_changed_the_answer_meanwhile(web, address, asked, maija):
    seen = asked.version
    services.save_section(
        asked.pk,
        "host_names",
        {"host_names": ["b.example.fi"]},
        **orders.Handler(maija, asked).seen,
    )
    assert attach(web, address, asked, version=seen).status_code == 302
    assert [document.name for document in answers.documents(asked)] == ["todistus.pdf"]


def test_without_a_question_and_for_strangers_there_is_no_page(
    web, address, asked, matti, stranger
):
    sent = orders.in_review(matti)
    assert web.get(address("applications:answer_documents", sent.pk)).status_code == 409
    other = people.log_in(Client(), stranger)
    assert other.get(address("applications:answer_documents", asked.pk)).status_code == 404


def test_the_next_question_begins_without_the_documents_of_the_last(
    web, address, asked, riitta, matti
):
    attach(web, address, asked)
    orders.resubmit(matti, asked)
    orders.drain()
    services.request_info(
        asked.pk,
        sections=["host_names"],
        reason="Vielä toinen.",
        deadline=clock.day(clock.now()) + timedelta(days=14),
        person=riitta,
        **orders.Handler(riitta, asked).seen,
    )
    asked.refresh_from_db()
    assert not answers.documents(asked).exists()
    orders.resubmit(matti, asked)
    assert "answer_documents" not in json.loads(asked.submission.content)


def test_the_reviewer_sees_what_was_sent_with_its_answer_and_nothing_before(
    web, address, asked, riitta, matti
):
    attach(web, address, asked)
    (document,) = answers.documents(asked)
    desk = people.log_in(Client(), riitta)
    case = reverse("console:case", args=[asked.pk])
    file, page = (
        reverse(f"console:{name}", args=[asked.pk, document.pk])
        for name in ("attachment", "attachment_page")
    )
    assert "todistus.pdf" not in desk.get(case).text
    assert [desk.get(one).status_code for one in (file, page)] == [404, 404]
    orders.resubmit(matti, asked)
    shown = desk.get(case).text
    assert "todistus.pdf" in shown and "Sent with the answer of" in shown
    assert not re.search(r"<h3>\s*Certificate of conformity", shown)
    assert [desk.get(one).status_code for one in (file, page)] == [200, 200]


@pytest.mark.parametrize("end", ["cancel_request", "withdraw"])
def test_a_document_for_an_answer_that_nobody_awaits_any_more_goes(
    web, address, asked, riitta, matti, end, django_capture_on_commit_callbacks
):
    attach(web, address, asked)
    document = answers.documents(asked).get()
    storage, name = document.file.storage, document.file.name
    with django_capture_on_commit_callbacks(execute=True):
        if end == "cancel_request":
            services.cancel_request(asked.pk, person=riitta, **orders.Handler(riitta, asked).seen)
        else:
            services.withdraw(asked.pk, **orders.Handler(matti, asked).seen)
    document.refresh_from_db()
    assert document.removed_at is not None
    assert not storage.exists(name)
    assert "todistus.pdf" not in web.get(address("applications:order", asked.pk)).text
    event = Event.objects.get(action="application.remove_attachment")
    assert event.data["sha256"] == document.sha256


def test_what_was_sent_stays_when_the_next_question_is_taken_back(
    web, address, asked, riitta, matti
):
    attach(web, address, asked)
    document = answers.documents(asked).get()
    orders.resubmit(matti, asked)
    orders.drain()
    given = {"sections": [], "reason": "Vielä.", "deadline": clock.day(clock.now())}
    handler = orders.Handler(riitta, asked)
    services.request_info(asked.pk, person=riitta, **given, **handler.seen)
    services.cancel_request(asked.pk, person=riitta, **handler.seen)
    document.refresh_from_db()
    assert document.removed_at is None


def test_a_document_about_the_host_names_goes_with_the_order_before_anything_is_asked(
    web, address, matti, riitta, cas
):
    draft = orders.with_csr(matti)
    page = address("applications:answer_documents", draft.pk)
    assert page in web.get(address("applications:part", draft.pk, "host_names")).text
    assert attach(web, address, draft, name="verkkotunnus.pdf").url == page
    assert "verkkotunnus.pdf" in web.get(page).text
    assert "verkkotunnus.pdf" in web.get(address("applications:check", draft.pk)).text
    (document,) = answers.documents(draft)
    orders.submit(matti, draft)
    draft.refresh_from_db()
    assert json.loads(draft.submission.content)["answer_documents"] == [document.sha256]
    assert web.get(page).status_code == 409
    orders.drain()
    case = people.log_in(Client(), riitta).get(reverse("console:case", args=[draft.pk])).text
    assert "verkkotunnus.pdf" in case and "Sent with the order" in case


def test_an_answer_without_documents_takes_back_none_that_was_sent_with_the_order(
    web, address, matti, riitta, cas
):
    draft = orders.with_csr(matti)
    attach(web, address, draft)
    orders.submit(matti, draft)
    orders.drain()
    services.claim(draft.pk, person=riitta, **orders.Handler(riitta, draft).seen)
    orders.ask(riitta, draft, clock.day(clock.now()))
    orders.resubmit(matti, draft)
    submissions = list(draft.submissions.order_by("number"))
    assert ["answer_documents" in json.loads(one.content) for one in submissions] == [True, False]
    assert changes(submissions) == []
    case = people.log_in(Client(), riitta).get(reverse("console:case", args=[draft.pk])).text
    assert "todistus.pdf" in case and "Sent with the order" in case


def test_it_can_be_taken_away_while_the_order_is_a_draft(web, address, matti):
    draft = orders.draft(matti)
    attach(web, address, draft)
    document = answers.documents(draft).get()
    draft.refresh_from_db()
    remove = address("applications:remove_attachment", draft.pk, document.pk)
    assert web.post(remove, {"version": draft.version}).status_code == 302
    assert not answers.documents(draft).exists()


def test_an_order_without_host_names_has_no_place_for_it(web, address, matti):
    draft = orders.draft(matti, "system_signature")
    assert web.get(address("applications:answer_documents", draft.pk)).status_code == 409


@pytest.mark.parametrize(("type", "stays"), [("system_signature", False), ("test_server", True)])
def test_it_goes_with_the_host_names_where_another_type_is_chosen(
    web, address, matti, type, stays, django_capture_on_commit_callbacks
):
    draft = orders.draft(matti)
    attach(web, address, draft)
    document = answers.documents(draft).get()
    storage, name = document.file.storage, document.file.name
    with django_capture_on_commit_callbacks(execute=True):
        seen = orders.Handler(matti, draft).seen
        services.save_section(draft.pk, "type", {"type": type}, **seen)
    document.refresh_from_db()
    assert (document.removed_at is None, storage.exists(name)) == (stays, stays)
    removed = Event.objects.filter(action="application.remove_attachment")
    assert removed.exists() is not stays


def test_the_order_s_page_lists_it_only_once_it_was_sent(web, address, asked, matti):
    page = address("applications:order", asked.pk)
    attach(web, address, asked)
    assert web.get(page).context["attachments"] == []
    (document,) = answers.documents(asked)
    orders.resubmit(matti, asked)
    assert web.get(page).context["attachments"] == [document]
