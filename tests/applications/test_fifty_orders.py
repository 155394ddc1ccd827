"""What is delivered is what was ordered, with fifty orders under way at once."""

import email
import re
from email import policy
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client
from django.urls import reverse

from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.workflow import Status
from certportal.celery import app
from certportal.dev.builders import orders, people, requests
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from tests.applications.at_once import work_off
from tests.papers import blank_in

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS, WORKERS = 50, 6
BY_HAND = "django.core.mail.backends.locmem.EmailBackend"


def names(number):
    return [f"palvelu{number}.example.fi", f"vara{number}.example.fi"]


def ordered(matti, number, key):
    application = orders.draft(matti)
    given = {"host_names": names(number)}
    seen = orders.Handler(matti, application).seen
    services.save_section(application.pk, "host_names", given, **seen)
    application.refresh_from_db()
    orders.upload(matti, application, requests.request(key, *names(number)))
    orders.submit(matti, application)
    return application


def do(item):
    app.tasks[item.task].run(item=str(item.pk))


@blank_in
def drain_together():
    """Let all workers do whatever is open until nothing is; no paper is read here."""
    app.autodiscover_tasks(force=True)
    while items := list(
        OutboxItem.objects.filter(done_at=None, failed_at=None, due_at__lte=clock.now())
    ):
        work_off([partial(do, item) for item in items], WORKERS)
    assert not OutboxItem.objects.exclude(failed_at=None).exists()


@pytest.fixture
def delivered(matti, riitta, cas, settings, tmp_path):
    """Fifty orders by their keys, each with the private key it was made with."""
    local = "certportal.foundation.mail.eml_files.EmlBackend"
    options = {"directory": str(tmp_path / "mail")}
    settings.MAILERS = {"default": {"BACKEND": local, "OPTIONS": options}}
    orders.delivered(matti, riitta)  # loads once what each of the workers would load
    made = {}
    for number in range(ORDERS):
        key = requests.new_key()
        made[ordered(matti, number, key).pk] = number, key
    drain_together()
    for pk in made:
        application = Application.objects.get(pk=pk)
        seen = orders.Handler(riitta, application).seen
        services.claim(pk, person=riitta, **seen)
    drain_together()
    for pk in made:
        orders.approve(riitta, Application.objects.get(pk=pk))
    drain_together()
    return made


def packages(folder: Path) -> dict[str, list[dict[str, bytes]]]:
    """Of each order number the mails with a certificate: their files by the ending."""
    found: dict[str, list[dict[str, bytes]]] = {}
    for path in folder.glob("*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        files = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
        if any(name.endswith(".der") for name in files):
            (number,) = re.findall(r"SV-\d{4}-\d{5}", message["Subject"])
            found.setdefault(number, []).append(files)
    return found


def test_delivered_is_what_was_ordered(delivered, matti, tmp_path):
    mailed, client = packages(tmp_path / "mail"), people.log_in(Client(), matti)
    serials = set()
    for pk, (number, key) in delivered.items():
        application = Application.objects.get(pk=pk)
        assert application.status == Status.DELIVERED
        stored = certificate_of(application)
        certificate = x509.load_der_x509_certificate(bytes(stored.der))
        assert certificate.public_key() == key.public_key()
        assert (
            certificate.public_key()
            == x509.load_der_x509_csr(bytes(application.csr.der)).public_key()
        )
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert extension.value.get_values_for_type(x509.DNSName) == names(number)
        certificate.verify_directly_issued_by(stored.issuing_ca.certificate)
        pem = certificate.public_bytes(Encoding.PEM)
        assert len(mailed[application.number]) == 2, "applicant and mailbox, once each"
        for files in mailed[application.number]:
            by_ending = {name.removeprefix(application.number): one for name, one in files.items()}
            assert len(by_ending) == len(files), "the files of another order"
            assert bytes(stored.der) in files.values()
            assert any(
                one.encode() == pem if isinstance(one, str) else one == pem
                for one in files.values()
            )
        for kind, content in (("der", bytes(stored.der)), ("pem", pem)):
            address = reverse("applications:download", args=[pk, kind])
            assert client.get(address).content == content
        serials.add(stored.serial)
    assert len(serials) == ORDERS
