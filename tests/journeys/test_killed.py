"""A worker killed between any two steps of issuing leaves exactly one certificate."""

import pytest
from cryptography import x509
from pytest_django import Settings

from applications import services
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from issuance import journal
from issuance.models import Certificate
from tests.issuance import fault_points
from tests.journeys.steps import await_true, mails_to

UNIT = "1.2.246.10.99000026.10.0"


@pytest.fixture(scope="module")
def people_at_work(stack, django_db_blocker):
    """An applicant of another pharmacy and a reviewer, in the running service's database."""
    with django_db_blocker.unblock():
        now = clock.now()
        kaisa = people.make_founder("Kaisa Kiireinen", "9900002-6", now=now)
        return kaisa, people.make_reviewer("Rauno Ratkaisija", now=now)


@pytest.fixture
def approve(stack, people_at_work, database, settings: Settings):
    """Make an application and approve its certificate; the rest is the workers' work."""
    settings.PORTAL_DATA = stack.data
    applicant, reviewer = people_at_work

    def make() -> Application:
        application = orders.with_csr(applicant, unit=UNIT)
        orders.submit(applicant, application)
        await_status(application, Status.IN_REVIEW)
        seen = orders.Handler(reviewer, application).seen
        services.claim(application.pk, person=reviewer, **seen)
        await_true(lambda: orders.prepared(application) is not None, "nothing prepared")
        orders.approve(reviewer, application)
        return application

    return make


def await_status(application: Application, status: Status) -> None:
    def reached() -> bool:
        application.refresh_from_db()
        return application.status == status

    await_true(reached, f"never {status}", seconds=60)


def is_delivered(application: Application) -> bool:
    application.refresh_from_db()
    return application.status == Status.DELIVERED


@pytest.mark.parametrize("point", fault_points.ISSUE)
def test_killed_at_a_step_of_issuing(stack, approve, point):
    marker = stack.faults / point
    marker.touch()
    application = approve()
    await_true(lambda: is_delivered(application), f"not delivered after {point}", seconds=90)
    assert not marker.exists(), "the fault point was never reached"
    certificate = Certificate.objects.get(reference=application.pk)
    entries = journal.entries(certificate.issuing_ca.stem)
    serials = {entry.serial for entry in entries if entry.reference == str(application.pk)}
    assert serials == {certificate.serial}
    requested = x509.load_der_x509_csr(bytes(application.csr.der))
    issued = x509.load_der_x509_certificate(bytes(certificate.der))
    assert issued.public_key() == requested.public_key()
    mails = mails_to("tekniikka@example.fi", stack.mails)
    packages = [mail for mail in mails if application.number in mail["Subject"]]
    assert len({mail["Message-ID"] for mail in packages}) == 1


def test_whole_workers_killed_at_any_moment_lose_nothing(stack, people_at_work, approve):
    made = [approve() for _ in range(3)]
    stack.kill("ca")
    stack.kill("default")
    applicant, _reviewer = people_at_work
    meanwhile = orders.with_csr(applicant, unit=UNIT)
    orders.submit(applicant, meanwhile)
    stack.start("ca", "default")
    for application in made:
        await_true(lambda a=application: is_delivered(a), "not delivered", seconds=90)
    await_status(meanwhile, Status.IN_REVIEW)
    references = [application.pk for application in made]
    assert Certificate.objects.filter(reference__in=references).count() == len(made)
