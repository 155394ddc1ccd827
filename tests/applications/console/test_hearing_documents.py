"""Extracts that go with a hearing: attached, read by the applicant, by nobody else, and erased."""

import hashlib
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from applications import services
from applications.documents.certificate_life import life
from applications.models import Attachment
from applications.rules import hearing_documents, impartiality
from applications.services.applicant import csr
from applications.services.system.erase import erase
from certportal.dev.builders import documents, orders, people
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.models import Certificate
from issuance.publication import repository
from tests.applications.console.conftest import Desk
from tests.doubles.scanner import EICAR

GROUNDS, EXTRACT = "Verkkotunnus kuuluu toiselle.", "Ote verkkotunnusrekisteristä"


def pdf(name="ote.pdf", data=None):
    content = documents.pdf("Ote") if data is None else data
    return SimpleUploadedFile(name, content, "application/pdf")


def press(desk, case, button="preview", **more):
    """Press a button of the page on which a hearing is written."""
    term = clock.day(clock.now()) + timedelta(days=14)
    given = {"reason": GROUNDS, "material": EXTRACT, "deadline": term.isoformat(), button: "1"}
    return desk.press("hear", case, **given | more)


def attached(desk, case, **more):
    """Attach an extract; return its row."""
    assert press(desk, case, "attach", file=pdf(**more)).status_code == 200
    return case.attachments.latest("pk")


@pytest.fixture
def heard(case, desk):
    """The applicant is heard, with an extract."""
    document = attached(desk, case)
    assert press(desk, case, "send", documents=[document.pk]).status_code == 302
    orders.drain()
    return case


def file_url(case, document):
    return reverse("applications:attachment", args=[case.pk, document.pk])


def test_it_is_attached_while_what_was_typed_stays(case, desk):
    page = press(desk, case, "attach", file=pdf())
    form = page.context["form"]
    assert (form["reason"].value(), form["material"].value()) == (GROUNDS, EXTRACT)
    document = case.attachments.get()
    assert form["documents"].value() == [str(document.pk)]
    assert form["version"].value() == str(case.version)
    assert (document.kind, document.request, document.name) == ("hearing", None, "ote.pdf")


def test_it_is_attached_by_the_preview_too_which_names_it(case, desk):
    page = press(desk, case, file=pdf())
    assert "* ote.pdf" in page.context["mail"]
    hidden = {one.name: one.value() for one in page.context["form"] if one.value() is not None}
    assert desk.client.post(desk.url("hear", case.pk), hidden | {"send": "1"}).status_code == 302
    assert case.attachments.get().request == case.requests.get()


def test_the_applicant_reads_it_on_the_order_and_hears_of_it_by_mail(heard, matti, web_of):
    document = hearing_documents.sent(heard).get()
    letter = next(one.body for one in mail.outbox if GROUNDS in one.body)
    assert "* ote.pdf" in letter
    assert f"/fi/orders/{heard.pk}/" in letter
    web = web_of(matti)
    for name in ("order", "answer_hearing"):
        page = web.get(reverse(f"applications:{name}", args=[heard.pk])).text
        assert file_url(heard, document) in page, name
    taken = web.get(file_url(heard, document))
    assert taken["Content-Type"] == "application/pdf"
    assert hashlib.sha256(taken.getvalue()).hexdigest() == document.sha256
    (told,) = Event.objects.get(action="application.hear").data["documents"]
    assert told == document.sha256


def test_afterwards_it_stands_with_what_was_said(heard, matti, web_of):
    orders.resubmit(matti, heard)
    page = web_of(matti).get(reverse("applications:order", args=[heard.pk]))
    assert "– ote.pdf" in page.text
    assert file_url(heard, hearing_documents.sent(heard).get()) in page.text


def test_until_it_is_sent_only_reviewers_read_it(case, desk, matti, web_of):
    document, web = attached(desk, case), web_of(matti)
    assert web.get(file_url(case, document)).status_code == 404
    page = web.get(reverse("applications:order", args=[case.pk])).text
    assert "ote.pdf" not in page and str(desk.person) not in page
    shown = desk.open("case", case.pk).text
    assert "the applicant does not see it" in shown and "ote.pdf" in shown
    for name in ("attachment", "attachment_page"):
        assert desk.open(name, case.pk, document.pk).status_code == 200


def test_no_other_organisation_and_no_visitor_reads_it(heard, web_of, now):
    document = hearing_documents.sent(heard).get()
    kalle = people.make_founder("Kalle Kilpailija", "9900022-9", now=now)
    assert web_of(kalle).get(file_url(heard, document)).status_code == 404
    assert Client().get(file_url(heard, document)).status_code in {302, 404}
    console = reverse("console:attachment", args=[heard.pk, document.pk])
    assert web_of(kalle).get(console).status_code == 404


def test_the_applicant_cannot_take_it_away(heard, matti, web_of):
    document = hearing_documents.sent(heard).get()
    remove = reverse("applications:remove_attachment", args=[heard.pk, document.pk])
    heard.refresh_from_db()
    assert web_of(matti).post(remove, {"version": heard.version}).status_code == 409
    document.refresh_from_db()
    assert document.removed_at is None


def test_one_that_is_unticked_is_taken_away_and_never_read(case, desk, stored):
    first, second = (
        attached(desk, case, name=f"{one}.pdf", data=documents.pdf(one)) for one in "ab"
    )
    press(desk, case, "send", documents=[second.pk])
    first.refresh_from_db()
    assert first.removed_at is not None and not first.file
    assert [one.name for one in case.requests.get().documents.all()] == ["b.pdf"]
    event = Event.objects.get(action="application.remove_hearing_document")
    assert event.data["sha256"] == first.sha256


def test_one_attached_by_mistake_is_taken_away_on_the_case(
    case, desk, stored, django_capture_on_commit_callbacks
):
    document = attached(desk, case)
    remove = desk.url("remove_attachment", case.pk, document.pk)
    page = desk.open("case", case.pk).text
    assert remove in page and "deleted at once" in page
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.press("remove_attachment", case, document.pk)
    assert answer.url == desk.url("case", case.pk)
    kept = document.file.name
    document.refresh_from_db()
    assert document.removed_at is not None and not document.file
    assert not list(stored.rglob(kept))
    event = Event.objects.get(action="application.remove_hearing_document")
    assert (event.actor, event.data["sha256"]) == (f"person:{desk.person.pk}", document.sha256)
    assert remove not in desk.open("case", case.pk).text
    assert desk.press("remove_attachment", case, document.pk).status_code == 409


def test_it_is_taken_away_while_another_question_waits_for_an_answer(case, desk, riitta):
    document = attached(desk, case)
    orders.ask(riitta, case, clock.day(clock.now()) + timedelta(days=14))
    assert desk.url("remove_attachment", case.pk, document.pk) in desk.open("case", case.pk).text
    assert desk.press("remove_attachment", case, document.pk).status_code == 302
    assert not hearing_documents.unsent(case).exists()


def test_who_does_not_hold_the_case_or_saw_an_older_one_takes_nothing_away(
    case, desk, other_desk, now
):
    document = attached(desk, case)
    for other in (other_desk, Desk(people.make_auditor("Anneli Auditoija", now=now))):
        remove = other.url("remove_attachment", case.pk, document.pk)
        assert remove not in other.open("case", case.pk).text
        assert other.press("remove_attachment", case, document.pk).status_code == 403
    late = desk.press("remove_attachment", case, document.pk, version=case.version - 1)
    assert late.status_code == 409
    assert hearing_documents.unsent(case).get() == document


def test_what_a_hearing_took_along_or_another_case_holds_stays(heard, desk, matti):
    document = hearing_documents.sent(heard).get()
    remove = desk.url("remove_attachment", heard.pk, document.pk)
    assert remove not in desk.open("case", heard.pk).text
    assert desk.press("remove_attachment", heard, document.pk).status_code == 409
    other = orders.in_review(matti)
    assert desk.press("remove_attachment", other, document.pk).status_code == 404
    document.refresh_from_db()
    assert document.removed_at is None and document.file


@pytest.mark.parametrize("end", ["approve", "reject", "withdraw"])
def test_what_no_hearing_took_along_is_taken_away_when_the_order_is_decided_or_ends(
    ready, desk, riitta, matti, end
):
    document = attached(desk, ready)
    if end == "approve":
        orders.approve(riitta, ready)
    elif end == "reject":
        desk.reject(ready, GROUNDS)
    else:
        services.withdraw(ready.pk, **orders.Handler(matti, ready).seen)
    document.refresh_from_db()
    assert document.removed_at is not None and not document.file
    assert Event.objects.filter(action="application.remove_hearing_document").count() == 1


def test_who_of_the_authority_took_the_file_is_an_event_that_the_applicant_does_not_read(
    case, desk, matti, web_of, riitta
):
    document = attached(desk, case)
    for _time in range(2):
        assert desk.open("attachment", case.pk, document.pk).status_code == 200
    event = Event.objects.get(action="application.hearing_document_taken")
    assert (event.object_id, event.actor) == (str(case.pk), f"person:{riitta.pk}")
    assert event.data["sha256"] == document.sha256
    order = web_of(matti).get(reverse("applications:order", args=[case.pk])).text
    assert event.words not in order and str(riitta) not in order


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"kuva", "not a PDF"), (b"%PDF-1.4 " + EICAR, "not a PDF"), (b"", "empty")],
)
def test_what_does_not_fit_is_refused_and_what_was_typed_stays(case, desk, data, told):
    page = press(desk, case, file=pdf(data=data))
    assert page.status_code == 400
    form = page.context["form"]
    assert told in form.errors["file"][0]
    assert form["reason"].value() == GROUNDS
    assert not case.attachments.exists()


def test_a_virus_is_refused_and_no_news_to_the_applicant(case, desk, settings, matti, web_of):
    settings.SCANNER = {"BACKEND": "tests.doubles.scanner.InMemory", "OPTIONS": {}}
    carrier = documents.pdf(extra=b"/Note <" + EICAR.hex().encode() + b"> % " + EICAR + b"\n")
    page = press(desk, case, file=pdf(data=carrier))
    assert "Eicar" in page.context["form"].errors["file"][0]
    assert not case.attachments.exists()
    event = Event.objects.get(action="application.virus_refused")
    assert event.object_id == str(desk.person.pk)
    order = web_of(matti).get(reverse("applications:order", args=[case.pk])).text
    assert str(desk.person) not in order


def test_more_than_a_hearing_may_have_are_refused(case, desk, monkeypatch):
    monkeypatch.setattr(hearing_documents, "MOST_DOCUMENTS", 1)
    attached(desk, case)
    page = press(desk, case, file=pdf(data=documents.pdf("Toinen ote")))
    assert page.status_code == 400
    form = page.context["form"]
    assert "A hearing has at most" in form.errors["file"][0]
    assert (form["reason"].value(), form["material"].value()) == (GROUNDS, EXTRACT)
    assert case.attachments.count() == 1


def test_the_same_file_attached_again_is_sent_once(case, desk, monkeypatch):
    monkeypatch.setattr(hearing_documents, "MOST_DOCUMENTS", 1)
    document = attached(desk, case)
    page = press(desk, case, "attach", file=pdf(name="kopio.pdf"), documents=[document.pk])
    assert page.status_code == 200
    hidden = {one.name: one.value() for one in page.context["form"] if one.value() is not None}
    assert hidden["documents"] == [str(document.pk)]
    assert desk.client.post(desk.url("hear", case.pk), hidden | {"send": "1"}).status_code == 302
    assert [one.pk for one in case.attachments.all()] == [document.pk]
    assert list(case.requests.get().documents.all()) == [document]


@pytest.mark.usefixtures("still")
def test_too_many_uploads_are_refused_on_the_page_and_what_was_typed_stays(case, desk, monkeypatch):
    monkeypatch.setattr(csr, "MOST_UPLOADS_AN_HOUR", 1)
    attached(desk, case)
    page = press(desk, case, file=pdf())
    assert page.status_code == 429 and int(page["Retry-After"]) > 0
    form = page.context["form"]
    assert form.errors["file"]
    assert form["reason"].value() == GROUNDS


def test_who_was_too_late_attaches_nothing_and_keeps_the_text(case, desk):
    page = press(desk, case, file=pdf(), version=case.version - 1)
    assert page.status_code == 409
    assert GROUNDS in page.text
    assert not case.attachments.exists()


def test_only_who_holds_the_case_attaches(case, other_desk):
    page = press(other_desk, case, file=pdf())
    assert page.status_code in {403, 409}
    assert not case.attachments.exists()


def test_attaching_gives_no_part_in_the_order(case, desk):
    attached(desk, case)
    assert impartiality.bias(desk.person, case, now=clock.now()) is None


def test_a_later_hearing_has_documents_of_its_own(heard, desk, matti):
    orders.resubmit(matti, heard)
    orders.drain()
    second = attached(desk, heard, name="toinen.pdf")
    assert press(desk, heard, "send", documents=[second.pk]).status_code == 302
    names = [[one.name for one in asked.documents.all()] for asked in heard.requests.all()]
    assert names == [["ote.pdf"], ["toinen.pdf"]]


def test_it_is_erased_with_the_order(heard, desk, stored, django_capture_on_commit_callbacks):
    heard.requests.update(deadline=clock.day(clock.now()) - timedelta(days=1))
    desk.press("reject", heard, reasons=GROUNDS, send="1")
    orders.drain()
    kept = hearing_documents.sent(heard).get().file.name
    assert list(stored.rglob(kept))
    with django_capture_on_commit_callbacks(execute=True):
        erase(heard.pk, now=clock.now())
    assert not Attachment.objects.filter(application=heard).exists()
    assert not list(stored.rglob(kept))


def test_it_is_in_the_bundle_of_the_certificate(heard, matti, riitta):
    orders.resubmit(matti, heard)
    orders.drain()
    orders.give_evidence(riitta, heard)
    orders.approve(riitta, heard)
    orders.drain()
    bundle = life(heard, Certificate.objects.get(), [], repository.log_key())
    names = zipfile.ZipFile(BytesIO(bundle.content)).namelist()
    assert [one for one in names if one.startswith("hearing/") and one.endswith("-ote.pdf")]


def test_attaching_is_counted_and_wants_the_version(case, desk, riitta):
    attached(desk, case)
    seen = orders.Handler(riitta, case).seen
    given = {"data": documents.pdf("B"), "name": "b.pdf", "person": riitta}
    services.attach_to_hearing(case.pk, **given, **seen)
    assert hearing_documents.unsent(case).count() == 2
