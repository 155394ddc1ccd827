"""A private key sent with the request: kept nowhere, blocked, and its live certificate revoked."""

import io
import logging
import subprocess
from html import unescape

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from applications.models import Csr
from certportal.dev.builders import bulk, orders, people
from issuance.models import BlockedKey, Certificate
from tests.applications.contact.conftest import at
from tests.tables import rewrite

MAILBOX = "tekniikka@example.fi"


@pytest.fixture(scope="module")
def leaked(tmp_path_factory):
    """A request of openssl's and the key it was made with, as PEM.

    Made once: to examine an RSA key takes longer than all the rest of a test.
    """
    key = tmp_path_factory.mktemp("leaked") / "avain.key"
    subject = ["-subj", "/C=FI/CN=erecept.example.fi"]
    command = ["openssl", "req", "-new", "-newkey", "rsa:2048", "-noenc", "-keyout", key, *subject]
    csr = subprocess.run(command, capture_output=True, check=True).stdout
    return csr, key.read_bytes()


@pytest.fixture
def certified(matti, riitta, cas, leaked):
    """The certificate of Matti's organisation for that key, delivered; no mail since."""
    orders.delivered(matti, riitta, csr=leaked[0])
    mail.outbox.clear()
    return Certificate.objects.get()


@pytest.fixture
def by_applicant(matti):
    """Upload to a new order of Matti's, through its page."""

    def send(content):
        draft = orders.draft(matti)
        with override("en"):
            page = reverse("applications:part", args=[draft.pk, "csr"])
        return post(people.log_in(Client(), matti), page, draft, content)

    return send


@pytest.fixture
def by_contact(matti, send, tiina):
    """Upload to an order that waits for Tiina's request, by her link."""

    def give(content):
        order = send(matti)
        link = order.contact_links.get()
        tiina.post(at(link))  # she opens it
        return post(tiina, at(link, "csr"), order, content)

    return give


@pytest.fixture
def by_bulk(matti):
    """Upload files to a bulk order of Matti's, through its page."""

    def send(*contents):
        together = bulk.begun(matti, "a.example.fi", "b.example.fi")
        with override("en"):
            page = reverse("applications:bulk_order", args=[together.pk])
        files = [SimpleUploadedFile(f"{n}.pem", content) for n, content in enumerate(contents)]
        return people.log_in(Client(), matti).post(page, {"requests": files})

    return send


def locked(key):
    """The key under a password."""
    command = ["openssl", "pkey", "-aes256", "-passout", "pass:salainen"]
    return subprocess.run(command, input=key, capture_output=True, check=True).stdout


def post(client, page, order, content):
    order.refresh_from_db()
    file = SimpleUploadedFile("pyynto.pem", content)
    return client.post(page, {"version": order.version, "how": "file", "file": file})


@pytest.fixture
def logged():
    """What is logged from now on, at every level."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream.getvalue
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture(params=["by_applicant", "by_contact"])
def upload(request):
    return request.getfixturevalue(request.param)


def rows_with(text):
    """The tables in which any column of any row holds the text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = []
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{text}%"])
            found += [table] * cursor.fetchone()[0]
    return found


def test_the_live_certificate_is_revoked_and_its_holder_told(certified, upload, leaked):
    answer = upload(leaked[1])

    assert answer.status_code == 400
    certified.refresh_from_db()
    assert (certified.state, certified.revocation_reason) == ("revoked", "key_compromise")
    assert BlockedKey.objects.get().spki_sha256 == certified.spki_sha256
    orders.drain()
    told = {address for one in mail.outbox for address in one.to}
    assert {"matti@example.fi", MAILBOX} <= told


def test_the_page_says_what_was_blocked_and_revoked_and_what_to_do(certified, upload, leaked):
    page = upload(leaked[1]).text
    assert "We blocked the key" in page
    assert certified.spki_sha256 in page
    assert f"We revoked the certificate with the serial number {certified.serial}" in page
    assert "Take the revoked certificate out of use" in page
    again = upload(leaked[1]).text
    assert f"We revoked the certificate with the serial number {certified.serial}" in again


def test_another_organisations_certificate_is_not_told(certified, upload, leaked, kalle):
    owner = kalle.memberships.get().organisation
    rewrite(Certificate.objects.filter(pk=certified.pk), organisation=owner)
    page = upload(leaked[1]).text
    assert BlockedKey.objects.get().spki_sha256 in page
    assert "If a valid certificate has this key, it has been revoked" in page
    assert certified.serial not in page


def test_a_key_that_cannot_be_read_is_said_not_to_be_blocked(upload, leaked):
    page = upload(locked(leaked[1])).text
    assert "We could not read the key" in page
    assert "We blocked the key" not in page
    assert not BlockedKey.objects.exists()


def test_of_two_keys_the_page_tells_also_of_the_one_that_cannot_be_read(upload, leaked):
    page = upload(leaked[1] + locked(leaked[1])).text
    assert "We blocked the key" in page
    assert BlockedKey.objects.get().spki_sha256 in page
    assert "a key that we could not read" in page


def test_with_many_requests_each_file_says_what_became_of_its_key(certified, by_bulk, leaked):
    """Matti sends the key of his certificate, a locked key, and a file of both."""
    page = by_bulk(leaked[1], locked(leaked[1]), leaked[1] + locked(leaked[1]))
    read, unread, both = [line.said for line in page.context["lines"]]
    for said in (read, both):
        assert "this key is blocked now" in said
        assert f"The certificate with the serial number {certified.serial}" in said
        assert "If you also sent a key that we could not read" in said
        assert said in unescape(page.text)
    assert "We could not read this key, so it is not blocked" in unread
    assert certified.serial not in unread
    certified.refresh_from_db()
    assert certified.revocation_reason == "key_compromise"


def test_with_many_requests_another_organisations_certificate_is_not_told(
    certified, by_bulk, leaked, kalle
):
    owner = kalle.memberships.get().organisation
    rewrite(Certificate.objects.filter(pk=certified.pk), organisation=owner)
    page = by_bulk(leaked[1])
    assert "this key is blocked now" in unescape(page.text)
    assert certified.serial not in page.text
    certified.refresh_from_db()
    assert certified.revocation_reason == "key_compromise"


def test_nothing_of_the_key_or_the_file_is_kept(upload, leaked, logged, capfd):
    csr, key = leaked
    answer = upload(csr + key)

    assert answer.status_code == 400
    assert "You sent a private key" in answer.content.decode()
    assert not Csr.objects.exists()
    secret = key.decode().splitlines()[3]
    assert rows_with(secret) == []
    assert rows_with(key.hex()[:200]) == []
    assert secret not in logged()
    assert secret not in "".join(capfd.readouterr())
    assert secret not in answer.content.decode()


def test_the_key_is_refused_from_then_on(upload, leaked):
    csr, key = leaked
    upload(key)

    answer = upload(csr)

    assert "key.blocked" in [finding.rule for finding, _words in answer.context["findings"]]
    assert not Csr.objects.exists()
