"""One application of each type from draft to delivered, through the real services."""

import subprocess

import pytest
from cryptography import x509
from django.core import mail

from applications import services
from applications.documents import certificate_files
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.workflow import Status
from certportal.dev.builders import orders
from tests.applications.packages import packages_in

TYPES = CertificateType.values


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("key", ["ec", "2048"])
def test_each_type_is_delivered_with_the_key_of_its_request(matti, riitta, cas, type, key):
    csr = orders.openssl_csr(key=key)
    application = orders.delivered(matti, riitta, type, csr=csr)
    assert application.status == Status.DELIVERED
    certificate = x509.load_der_x509_certificate(bytes(certificate_of(application).der))
    requested = x509.load_pem_x509_csr(csr)
    assert certificate.public_key() == requested.public_key()


def test_the_package_goes_to_applicant_and_mailbox_with_der_and_pem(matti, riitta, cas):
    application = orders.delivered(matti, riitta)
    packages = packages_in(mail.outbox)
    assert {message.to[0] for message in packages} == {"matti@example.fi", "tekniikka@example.fi"}
    names = {part.get_filename().rsplit(".", 1)[1] for part in packages[0].attachments}
    assert names == {"der", "pem"}
    assert all(application.number in message.subject for message in packages)


def test_a_test_order_says_so_in_the_subject_and_in_the_file_names(matti, riitta, cas):
    orders.delivered(matti, riitta, "test_server")
    package = packages_in(mail.outbox)[0]
    assert package.subject.startswith("[TESTI]")
    assert all(part.get_filename().startswith("TEST-") for part in package.attachments)


def test_work_done_twice_makes_one_certificate_and_one_package_each(matti, riitta, cas):
    application = orders.delivered(matti, riitta)
    version = application.version
    from certportal.foundation.models import OutboxItem

    OutboxItem.objects.filter(topic__in=["certificate.approved", "certificate.issued"]).update(
        done_at=None
    )
    orders.drain()
    application.refresh_from_db()
    assert application.version == version
    assert Application.objects.get().packages.count() == 2


def test_the_name_of_an_information_system_is_not_taken_for_a_host_name(matti):
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    more = ["-noenc", "-keyout", "/dev/null", "-subj", "/C=FI/CN=Apteekki Plus"]
    made = subprocess.run([*command, *more], capture_output=True, check=True)
    application = orders.in_review(matti, "system_signature", csr=made.stdout)
    assert application.status == Status.IN_REVIEW
    assert "subject.not_host" not in {one["rule"] for one in application.findings}


@pytest.mark.parametrize(
    ("name", "said"),
    [("Patientsystem Åland", "Patientsystem-Aland"), ("../x", "x"), ("Ωμ", "certificate")],
)
def test_a_name_in_a_file_name_keeps_its_letters(name, said):
    assert certificate_files.in_file_name(name) == said


def test_who_reads_the_shared_mailbox_too_gets_the_package_once(matti, riitta, cas):
    order = orders.with_csr(matti)
    given = {"mailbox": "Matti@example.fi", "deliver_to": "applicant"}
    services.save_section(order.pk, "delivery", given, **orders.Handler(matti, order).seen)
    orders.submit(matti, order)
    order = orders.finish(matti, riitta, order)
    assert order.status == Status.DELIVERED
    assert [one.recipient for one in order.packages.all()] == ["recipient"]
    assert [one.to for one in packages_in(mail.outbox)] == [["matti@example.fi"]]
