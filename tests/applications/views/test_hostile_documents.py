"""Hostile PDFs are refused where they are handed in, and nobody is shown anything that acts."""

import hashlib
import re
from functools import partial
from io import BytesIO

import pikepdf
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, RightDocument
from applications import services
from applications.models import Attachment
from certportal.dev.builders import documents, orders, people
from tests.applications.conformity import bare
from tests.foundation import pdfs
from tests.tables import rewrite

FIELDS = orders.CONFORMITY | {"conformity_valid_until": "31.12.2099"}


def hand_in(web, address, order, data, language="en"):
    order.refresh_from_db()
    page = address("applications:part", order.pk, "conformity", language=language)
    return web.post(page, FIELDS | {"version": order.version, "file": documents.upload(data)})


# One document for each reason; `tests/foundation/test_pdf_reader.py` has all that give it.
ONE_OF_EACH = {told: what for what, (_change, told) in pdfs.ACTIVE.items()}


@pytest.mark.parametrize("what", ONE_OF_EACH.values())
def test_what_acts_is_refused_where_it_is_attached(web, address, matti, stored, what):
    change, told = pdfs.ACTIVE[what]
    order = bare(matti)
    before = set(stored.rglob("*"))

    page = hand_in(web, address, order, pdfs.changed(change)).text

    assert told in page
    assert "Print it as a new PDF" in page
    assert FIELDS["conformity_number"] in page
    assert not order.attachments.filter(removed_at=None).exists()
    assert set(stored.rglob("*")) == before


@pytest.mark.parametrize(
    ("made", "told"),  # made by the test alone: it takes seconds
    [
        (pdfs.encrypted, "protected by a password or encryption"),
        (partial(pdfs.bomb, layers=2), "too large or too complex"),
        (partial(pdfs.changed, pdfs.loop), "damaged"),
        (lambda: pdfs.changed(pdfs.with_form_and_links)[:-300], "not whole"),
    ],
    ids=["encrypted", "bomb", "circle", "truncated"],
)
def test_what_cannot_be_looked_into_is_refused_with_what_to_do(web, address, matti, made, told):
    order = bare(matti)
    page = hand_in(web, address, order, made()).text
    assert told in page
    assert not order.attachments.filter(removed_at=None).exists()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fi", "ohjelmia (kuten JavaScript). Tulosta tiedosto uudeksi PDF:ksi"),
        ("sv", "program (t.ex. JavaScript). Skriv ut filen som en ny PDF"),
    ],
)
def test_the_reason_is_told_in_the_reader_s_language(web, address, matti, language, told):
    data = pdfs.changed(pdfs.on_page)
    assert told in hand_in(web, address, bare(matti), data, language).text


@pytest.mark.parametrize(
    "data", [pdfs.signed(), pdfs.changed(pdfs.with_form_and_links)], ids=["signed", "form"]
)
def test_a_signed_or_filled_in_document_is_kept_byte_for_byte(web, address, matti, data):
    order = bare(matti)
    assert hand_in(web, address, order, data).status_code == 302
    kept = order.attachments.get(removed_at=None)
    given = web.get(address("applications:attachment", order.pk, kept.pk))
    assert given.content == data
    assert given["Content-Disposition"] == 'attachment; filename="todistus.pdf"'


def test_a_path_in_the_name_chooses_no_place(web, address, matti, stored):
    order = bare(matti)
    before = set(stored.rglob("*"))
    orders.attach_conformity(matti, order, name="../../static/portal/app.js\x00.pdf")
    kept = order.attachments.get(removed_at=None)
    (file,) = set(stored.rglob("*")) - before
    assert file == stored / kept.file.name
    assert re.fullmatch(r"[0-9a-f]{32}\.pdf", kept.file.name)
    assert kept.name == "app.js.pdf"


@pytest.fixture
def case(matti, riitta, cas):
    """An order whose document is signed and has been claimed by Riitta."""
    order = orders.with_csr(matti, "system_signature")
    orders.attach_conformity(matti, order, data=pdfs.signed())
    orders.submit(matti, order)
    orders.drain()
    services.claim(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    orders.drain()
    order.refresh_from_db()
    return order


def test_a_reviewer_sees_a_copy_and_downloads_the_original(case, riitta):
    desk = people.log_in(Client(), riitta)
    kept = case.attachments.get(removed_at=None)
    page = desk.get(reverse("console:case", args=[case.pk])).text
    copy = desk.get(reverse("console:attachment_page", args=[case.pk, kept.pk]))
    original = desk.get(reverse("console:attachment", args=[case.pk, kept.pk]))

    assert re.search(r"Lataa alkuperäinen\s+todistus.pdf", page)
    assert original.content == pdfs.signed()
    assert original["Content-Disposition"].startswith("attachment")
    assert b"/ByteRange" not in copy.content
    assert set(pikepdf.open(BytesIO(copy.content)).Root.keys()) == {"/Type", "/Pages"}
    assert copy["Content-Disposition"].startswith("inline")
    assert copy["X-Content-Type-Options"] == "nosniff"
    policy = {part.strip() for part in copy["Content-Security-Policy"].split(";")}
    assert policy == {"default-src 'none'", "sandbox", "frame-ancestors 'self'"}


def test_what_was_taken_in_before_these_rules_is_not_shown(case, riitta):
    kept = case.attachments.get(removed_at=None)
    replace(kept, pdfs.changed(pdfs.on_page))
    desk = people.log_in(Client(), riitta)
    answer = desk.get(reverse("console:attachment_page", args=[case.pk, kept.pk]))
    assert answer["Content-Type"].startswith("text/plain")
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert b"%PDF" not in answer.content


def replace(kept: Attachment, data: bytes) -> None:
    """Put other bytes in the place of a stored file, as an earlier release would have left them."""
    default_storage.delete(kept.file.name)
    default_storage.save(kept.file.name, BytesIO(data))
    rewrite(Attachment.objects.filter(pk=kept.pk), sha256=hashlib.sha256(data).hexdigest())


def test_documents_about_rights_are_opened_too(web, address, matti):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None, basis_note="")
    for data, told in (
        (pdfs.changed(pdfs.on_page), "programs (such as JavaScript)"),
        (pdfs.encrypted(), "protected by a password"),
    ):
        answer = web.post(address("accounts:right"), {"document": documents.upload(data)})
        assert told in answer.text
    assert not RightDocument.objects.exists()

    web.post(address("accounts:right"), {"document": documents.upload(pdfs.signed())})
    kept = RightDocument.objects.get()
    assert web.get(address("accounts:right_document", kept.pk)).content == pdfs.signed()
