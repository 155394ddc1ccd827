"""The page on the certificate of conformity, and who may see the document."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from applications.models import Application
from certportal.dev.builders import documents, orders, people
from tests.applications.views.conformity import FIELDS, upload


@pytest.fixture
def order(matti) -> Application:
    return orders.draft(matti, "system_signature")


def post(web, address, order, **given):
    order.refresh_from_db()
    page = address("applications:part", order.pk, "conformity")
    attached = order.attachments.filter(removed_at=None).first()
    seen = {"version": order.version, "attached": attached.pk if attached else ""}
    return web.post(page, FIELDS | seen | given)


def attached(order) -> bytes:
    """Return what the one document attached to the order holds."""
    return order.attachments.get(removed_at=None).file.read()


def test_the_fields_and_the_document_are_saved_together(web, address, order):
    answer = post(web, address, order, conformity_number="VT-9", file=upload(documents.pdf("B")))
    assert answer.status_code == 302
    order.refresh_from_db()
    assert order.conformity_number == "VT-9"
    assert b"(B)" in attached(order)


def test_a_fit_file_stays_chosen_while_another_field_is_wrong(web, address, order):
    file = upload(documents.pdf("B"), "uusi.pdf")
    answer = post(web, address, order, conformity_number="", conformity_version="5.0", file=file)
    assert "Enter the number of the certificate of conformity." in answer.text
    assert "uusi.pdf" in answer.text
    assert b"(B)" in attached(order)
    page = address("applications:part", order.pk, "conformity")
    shown = answer.context["form"]
    seen = {"version": shown["version"].value(), "attached": shown.attached.pk}
    typed = FIELDS | seen | {"conformity_version": shown["conformity_version"].value()}
    assert web.post(page, typed).status_code == 302
    order.refresh_from_db()
    assert order.conformity_version == "5.0"
    assert b"(B)" in attached(order)


def test_a_file_does_not_replace_one_that_a_colleague_attached_meanwhile(
    web, address, order, maija
):
    seen = order.attachments.get().pk
    orders.attach_conformity(maija, order, data=documents.pdf("Maija"))
    answer = post(web, address, order, attached=seen, file=upload(documents.pdf("B")))
    assert "Another document has been attached meanwhile" in answer.text
    assert b"(Maija)" in attached(order)
    now = answer.context["form"].attached.pk
    post(web, address, order, attached=now, file=upload(documents.pdf("B")))
    assert b"(B)" in attached(order)


def test_the_same_file_again_is_the_attached_document(web, address, order):
    order.refresh_from_db()
    seen = {"attached": order.attachments.get().pk, "version": order.version}
    assert post(web, address, order, **seen, file=upload(documents.pdf("B"))).status_code == 302
    document = order.attachments.get(removed_at=None)
    pressed_twice = post(web, address, order, **seen, file=upload(documents.pdf("B")))
    assert pressed_twice.status_code == 409
    assert "file" not in pressed_twice.context["form"].errors
    assert post(web, address, order, file=upload(documents.pdf("B"))).status_code == 302
    assert order.attachments.get(removed_at=None) == document


def test_fields_alone_keep_the_document(web, address, order):
    post(web, address, order, conformity_version="5.0")
    order.refresh_from_db()
    assert order.conformity_version == "5.0"
    assert order.attachments.filter(removed_at=None).count() == 1


def test_a_refused_file_says_why_and_keeps_what_was_typed(web, address, order):
    answer = post(web, address, order, conformity_number="VT-9", file=upload(b"<html>"))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "not a PDF document" in text
    assert 'value="VT-9"' in text


def test_a_missing_day_is_told_by_its_name(web, address, order):
    answer = post(web, address, order, conformity_valid_until="")
    assert "Enter a date: Last day of validity" in answer.content.decode()


def test_an_expired_document_is_refused(web, address, order):
    answer = post(web, address, order, conformity_valid_until="31.12.2020")
    assert "in force" in answer.content.decode()


def test_the_document_can_be_taken_away_and_is_then_asked_for(web, address, order):
    attached = order.attachments.get()
    page = address("applications:remove_attachment", order.pk, attached.pk)
    order.refresh_from_db()
    assert web.post(page, {"version": order.version}).status_code == 302
    answer = post(web, address, order)
    assert "Choose a file." in answer.content.decode()


def test_the_applicant_downloads_it_under_its_own_type(web, address, order):
    answer = web.get(address("applications:attachment", order.pk, order.attachments.get().pk))
    assert answer.content == documents.pdf()
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'attachment; filename="todistus.pdf"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("name", ["applications:attachment", "console:attachment_page"])
def test_strangers_find_nothing(name, stranger, address, order):
    page = address(name, order.pk, order.attachments.get().pk)
    assert people.log_in(Client(), stranger).get(page).status_code == 404
    assert Client().get(page).status_code == 302


def test_an_attachment_of_another_order_is_not_found(web, address, matti, order):
    other = orders.draft(matti, "system_signature")
    page = address("applications:attachment", other.pk, order.attachments.get().pk)
    assert web.get(page).status_code == 404


def test_the_reviewer_sees_it_inside_the_case(matti, riitta, cas):
    case = orders.claimed(matti, riitta, "system_signature")
    desk = people.log_in(Client(), riitta)
    text = desk.get(reverse("console:case", args=[case.pk])).content.decode()
    page = reverse("console:attachment_page", args=[case.pk, case.attachments.get().pk])
    assert f'<iframe class="paper" src="{page}"' in text
    answer = desk.get(page)
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert answer["Content-Disposition"].startswith("inline")


def test_a_draft_is_nothing_to_a_reviewer(riitta, order):
    desk = people.log_in(Client(), riitta)
    page = reverse("console:attachment", args=[order.pk, order.attachments.get().pk])
    assert desk.get(page).status_code == 404


@pytest.mark.parametrize("change", [Path.unlink, lambda file: file.write_bytes(b"%PDF")])
def test_who_asks_for_a_document_that_is_lost_reads_what_to_do(
    web, address, matti, riitta, cas, stored, change
):
    case = orders.claimed(matti, riitta, "system_signature")
    kept = case.attachments.get()
    change(stored / kept.file.name)
    desk = people.log_in(Client(), riitta)
    with override("en"):
        own = web.get(address("applications:attachment", case.pk, kept.pk))
        theirs = desk.get(reverse("console:attachment", args=[case.pk, kept.pk]))
        frame = desk.get(reverse("console:attachment_page", args=[case.pk, kept.pk]))
    for page in (own, theirs):
        assert page.status_code == 410
        assert "ask whoever gave or got the document for a copy" in page.text
    assert frame.status_code == 200
    assert "ask whoever gave or got the document for a copy" in frame.text
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
