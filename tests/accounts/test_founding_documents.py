"""A document that shows the right of whoever founds an account, in the form of founding."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organisation, RightDocument
from applications.services import erase_expired
from certportal.dev.builders import people
from certportal.dev.builders.documents import pdf, upload

pytestmark = pytest.mark.django_db
RIGHT = "/en/account/right/"
CLINICS = "9900008-5"
STATED = {"basis": "mandate", "detail": "hallintojohtaja"}


def found(client, **more):
    return client.post(f"/en/account/organisation/found/{CLINICS}/", STATED | more)


def test_the_founder_may_hand_in_a_document_at_once(client, aino):
    found(people.log_in(client, aino), document=upload(pdf(), "valtakirja.pdf"))

    account = Organisation.objects.get()
    assert account.right_documents.get().person == aino
    assert account.memberships.get().basis == Membership.Basis.UNVERIFIED


def test_founding_without_a_document_is_told_what_follows(client, aino):
    browser = people.log_in(client, aino)
    page = browser.get(f"/en/account/organisation/found/{CLINICS}/")
    assert "the order may have to wait" in page.text
    assert found(browser).status_code == 302
    assert not RightDocument.objects.exists()


def test_what_is_no_pdf_founds_nothing_and_keeps_what_was_written(client, aino):
    answer = found(people.log_in(client, aino), document=upload(b"hello"))
    assert "hallintojohtaja" in answer.text
    assert "The file is not a PDF document" in answer.text
    assert not Organisation.objects.exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [("-----BEGIN PRIVATE KEY-----", "a.pdf"), ("", "-----BEGIN PRIVATE KEY-----MIGHAgEA.pdf")],
)
def test_a_document_with_a_private_key_in_it_or_its_name_is_not_stored(client, aino, text, name):
    answer = found(people.log_in(client, aino), document=upload(pdf(text), name))
    assert "The file or its name holds a private key. We did not store it." in answer.text
    assert "PRIVATE KEY" not in answer.text
    assert "hallintojohtaja" in answer.text
    assert not Organisation.objects.exists()
    assert not RightDocument.objects.exists()


def test_a_fit_document_is_kept_while_another_field_is_wrong(client, aino):
    browser = people.log_in(client, aino)
    page = found(browser, basis="", document=upload(pdf(), "valtakirja.pdf")).text
    assert "Choose an option: On what basis" in page
    assert "Attached: valtakirja.pdf. A new file takes its place." in page
    held = RightDocument.objects.get(organisation=None)
    assert f'name="attached" value="{held.pk}"' in page
    assert not Organisation.objects.exists()

    assert found(browser, attached=held.pk).status_code == 302

    account = Organisation.objects.get()
    assert [one.name for one in account.right_documents.all()] == ["valtakirja.pdf"]
    assert RightDocument.objects.count() == 1


def test_another_file_takes_the_place_of_the_one_that_was_kept(client, aino):
    browser = people.log_in(client, aino)
    found(browser, basis="", document=upload(pdf("A"), "a.pdf"))
    held = RightDocument.objects.get()
    found(browser, detail="", attached=held.pk, document=upload(pdf("B"), "b.pdf"))
    (held,) = RightDocument.objects.all()
    found(browser, attached=held.pk, document=upload(pdf("C"), "c.pdf"))
    assert [one.name for one in RightDocument.objects.all()] == ["c.pdf"]


def test_what_is_unfit_is_not_kept_beside_another_fault(client, aino):
    page = found(people.log_in(client, aino), basis="", document=upload(b"hello")).text
    assert "The file is not a PDF document" in page
    assert "Attached:" not in page
    assert not RightDocument.objects.exists()


def test_nobody_else_uses_or_reads_a_document_that_is_kept_for_a_form(client, aino, riitta):
    found(people.log_in(client, aino), basis="", document=upload(pdf()))
    held = RightDocument.objects.get()
    assert client.get(f"{RIGHT}{held.pk}/").status_code == 404
    for name in ("right_document", "right_document_page"):
        path = reverse(f"console:{name}", args=[held.pk])
        assert people.log_in(Client(), riitta).get(path).status_code == 404
    saara = people.log_in(Client(), people.make_person("Saara Sivullinen"))
    assert saara.get(f"{RIGHT}{held.pk}/").status_code == 404
    answer = found(saara, attached=held.pk)
    assert "The attached document is no longer here. Choose the file again." in answer.text
    assert f'value="{held.pk}"' not in answer.text
    assert not Organisation.objects.exists()
    assert found(saara).status_code == 302
    assert not Organisation.objects.get().right_documents.exists()


def test_a_form_that_nobody_completes_leaves_no_document(
    client, aino, django_capture_on_commit_callbacks
):
    found(people.log_in(client, aino), basis="", document=upload(pdf()))
    held = RightDocument.objects.get()
    erase_expired(now=held.handed_in_at + timedelta(days=1))
    assert default_storage.exists(held.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        erase_expired(now=held.handed_in_at + timedelta(days=3))
    assert not RightDocument.objects.exists()
    assert not default_storage.exists(held.file.name)
