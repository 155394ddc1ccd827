"""Documents in the store that machines share: attached on one machine, read on another."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from applications.models import Application, Attachment
from certportal.dev.builders import documents, orders, people
from certportal.foundation.files import storing
from certportal.foundation.models import OutboxItem
from tests.applications.views.conformity import FIELDS, upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def first_machine(shared_store, settings, tmp_path):
    settings.PORTAL_DATA = tmp_path / "first"


@pytest.fixture
def second_machine(settings, tmp_path):
    """Return how to go on with a machine that has none of the first one's files."""

    def go_there() -> Path:
        settings.PORTAL_DATA = tmp_path / "second"
        return settings.PORTAL_DATA

    return go_there


def attachment_of(order: Application) -> Attachment:
    return order.attachments.get(removed_at=None)


def download(web, address, order):
    kept = attachment_of(order)
    return web.get(address("applications:attachment", order.pk, kept.pk))


def attach(web, address, order, data):
    order.refresh_from_db()
    page = address("applications:part", order.pk, "conformity")
    seen = {"version": order.version, "attached": attachment_of(order).pk}
    return web.post(page, FIELDS | seen | {"file": upload(data)})


def test_a_document_attached_on_one_machine_is_read_on_another(
    web, address, matti, riitta, second_machine
):
    data = documents.pdf("Yhteinen")
    order = orders.draft(matti, "system_signature")
    assert attach(web, address, order, data).status_code == 302
    elsewhere = second_machine()
    answer = download(people.log_in(Client(), matti), address, order)
    assert (answer.status_code, answer.content) == (200, data)
    assert answer["Content-Security-Policy"] == storing.FILE_POLICY
    assert not (elsewhere / "attachments").exists()


def test_a_paper_made_on_one_machine_is_handed_over_and_mailed_by_another(
    web, matti, second_machine, mailoutbox
):
    order = orders.submitted(matti)
    receipt = reverse("applications:receipt", args=[order.pk, order.submission.number])
    OutboxItem.objects.filter(topic="application.notice").delete()
    assert web.get(receipt).status_code == 202
    orders.drain()
    second_machine()
    handed = web.get(receipt)
    assert handed.status_code == 200
    assert handed.content.startswith(b"%PDF")


def test_a_certificate_is_handed_over_by_every_machine(
    cas, web, address, matti, riitta, second_machine
):
    order = orders.delivered(matti, riitta)
    place = address("applications:download", order.pk, "pem")
    here = web.get(place)
    second_machine()
    there = web.get(place)
    assert (here.status_code, there.content) == (200, here.content)
    assert b"BEGIN CERTIFICATE" in there.content


def test_while_the_store_hangs_pages_say_so_and_nothing_is_lost(
    web, address, matti, riitta, shared_store
):
    order = orders.draft(matti, "system_signature")
    before = attachment_of(order)
    shared_store.freeze()
    answer = download(web, address, order)
    assert answer.status_code == 503
    assert "Part of the service is not responding" in answer.text
    assert answer["Retry-After"]
    refused = attach(web, address, order, documents.pdf("Uusi"))
    assert "The file could not be saved just now" in refused.text
    assert 'value="VT-2025-0042"' in refused.text  # what was typed stays
    assert attachment_of(order) == before
    page = web.get(address("applications:part", order.pk, "conformity"))
    assert page.status_code == 200

    shared_store.thaw()
    assert download(web, address, order).content == documents.pdf()
    assert attach(web, address, order, documents.pdf("Uusi")).status_code == 302
    assert download(web, address, order).content == documents.pdf("Uusi")
    assert not default_storage.exists(before.file.name)


def test_a_paper_that_cannot_be_stored_is_made_later(web, matti, shared_store):
    order = orders.submitted(matti)
    receipt = reverse("applications:receipt", args=[order.pk, order.submission.number])
    OutboxItem.objects.filter(topic="application.notice").delete()
    web.get(receipt)
    shared_store.freeze()
    orders.drain()
    shared_store.thaw()
    item = OutboxItem.objects.get(topic="paper.wanted")
    assert item.done_at is None and item.failed_at is None
    OutboxItem.objects.update(due_at=item.created_at)
    orders.drain()
    assert web.get(receipt).status_code == 200


def test_a_document_that_was_changed_in_the_store_is_not_handed_over(
    web, address, matti, shared_store
):
    order = orders.draft(matti, "system_signature")
    name = attachment_of(order).file.name
    shared_store.client().put_object(
        Bucket=shared_store.bucket, Key=f"attachments/{name}", Body=documents.pdf("Vaihdettu")
    )
    answer = download(web, address, order)
    assert (answer.status_code, answer.streaming) == (410, False)
