"""A supplier gives requests for orders of several customers together."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership
from accounts.services.organisations import consents
from applications import services
from applications.access import as_technician
from applications.errors import MayNotAct
from applications.rules.request_files import RequestFile
from applications.services.applicant.requests_together import Outcome
from applications.workflow import Role, Status
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.models import Event
from tests.suppliers import account_of, consent

CLINIC = "1.2.246.10.99000085.10.0"


def test_requests_for_several_orders_find_their_own(matti, kalle, valma, given, also_given, web):
    mine = orders.waiting_for_contact(matti, host="apteekki.example.fi")
    other = orders.waiting_for_contact(kalle, unit=CLINIC, host="klinikka.example.fi")
    names = {"a": "apteekki.example.fi", "b": "klinikka.example.fi", "c": "muu.example.fi"}
    files = [
        SimpleUploadedFile(f"{one}.csr", orders.openssl_csr(host)) for one, host in names.items()
    ]
    files.append(SimpleUploadedFile("d.jpg", b"kuva"))
    told = web.post(reverse("customers:requests"), {"requests": files})
    assert "2 pyyntöä 4 tiedostosta" in told.text
    for order, permission in ((mine, given), (other, also_given)):
        order.refresh_from_db()
        assert order.status == Status.CHECKING
        event = Event.objects.get(action="application.attach_csr", object_id=str(order.pk))
        assert event.actor == f"person:{valma.pk}"
        assert event.data["supplier"] == str(permission.supplier_id)


def test_who_sends_the_files_again_reads_which_were_given_before(matti, given, web):
    """The answer to the first upload may not have reached them."""
    orders.waiting_for_contact(matti, host="apteekki.example.fi")
    request = orders.openssl_csr("apteekki.example.fi")
    for said in ("Annettu tilaukselle", "Annettu tilaukselle jo aiemmin"):
        files = [SimpleUploadedFile("a.csr", request)]
        assert said in web.post(reverse("customers:requests"), {"requests": files}).text
    assert Event.objects.filter(action="application.attach_csr").count() == 1


def test_over_the_limit_of_uploads_the_page_says_when_to_go_on(matti, given, web, monkeypatch):
    orders.waiting_for_contact(matti, host="apteekki.example.fi")
    monkeypatch.setattr("applications.services.applicant.csr.MOST_UPLOADS_AN_HOUR", 0)
    files = [SimpleUploadedFile("a.csr", orders.openssl_csr("apteekki.example.fi"))]
    page = web.post(reverse("customers:requests"), {"requests": files})
    assert (page.status_code, 0 < int(page["Retry-After"]) <= 3600) == (429, True)
    assert page.text.count("Olet yrittänyt liian monta kertaa") == 1
    assert not Event.objects.filter(action="application.attach_csr").exists()


def test_a_consent_that_ends_between_two_files_stops_its_own_orders_alone(
    matti, kalle, valma, given, also_given
):
    mine = orders.waiting_for_contact(matti, host="apteekki.example.fi")
    other = orders.waiting_for_contact(kalle, unit=CLINIC, host="klinikka.example.fi")
    actor = as_technician(valma, mine, now=clock.now())
    act(matti, consents.end, given.pk)
    hosts = ("apteekki.example.fi", "klinikka.example.fi")
    told = services.give_requests(
        [mine, other],
        [RequestFile(f"{host}.csr", orders.openssl_csr(host)) for host in hosts],
        about=given.supplier,
        role=Role.TECHNICAL_CONTACT,
        actor=actor,
        now=clock.now(),
    )
    assert [one.outcome for one in told] == [Outcome.UNMATCHED, Outcome.USED]
    mine.refresh_from_db()
    assert mine.status == Status.AWAITING_CSR
    assert not mine.csrs.exists()
    uploaded = Event.objects.filter(action="application.upload_csr")
    assert [event.object_id for event in uploaded] == [str(other.pk)]


def test_nothing_is_done_in_the_name_of_a_supplier_whose_own_consent_has_ended(
    matti, kalle, valma, given
):
    """Its technician belongs to another supplier too, which keeps the customer's consent."""
    order = orders.waiting_for_contact(matti)
    named = as_technician(valma, order, now=clock.now())
    consent(matti, kalle)
    Membership.objects.create(
        person=valma,
        organisation=account_of(kalle),
        role="technical",
        basis="mandate",
        begun_at=clock.now(),
    )
    act(matti, consents.end, given.pk)
    with pytest.raises(MayNotAct):
        services.upload_csr(order.pk, orders.openssl_csr(), actor=named, now=clock.now())
    other = as_technician(valma, order, now=clock.now())
    assert other is not None and other.supplier == str(account_of(kalle).pk)
    services.upload_csr(order.pk, orders.openssl_csr(), actor=other, now=clock.now())


def test_orders_that_no_request_fits_take_no_statements(matti, given, web):
    asked = []
    for hosts in ("ab", "cdefgh"):
        for one in hosts:
            orders.waiting_for_contact(matti, host=f"{one}.example.fi")
        file = SimpleUploadedFile("muu.csr", orders.openssl_csr("muu.example.fi"))
        with CaptureQueriesContext(connection) as statements:
            web.post(reverse("customers:requests"), {"requests": [file]})
        asked.append(len(statements))
    assert asked[1] <= asked[0]


def test_a_request_that_fits_two_customers_is_given_to_neither(
    matti, kalle, given, also_given, web
):
    made = [orders.waiting_for_contact(matti), orders.waiting_for_contact(kalle, unit=CLINIC)]
    file = SimpleUploadedFile("a.csr", orders.openssl_csr())
    told = web.post(reverse("customers:requests"), {"requests": [file]}).text
    for order in made:
        order.refresh_from_db()
        assert order.status == Status.AWAITING_CSR
        assert reverse("technical:order", args=[order.pk]) in told


def test_an_upload_without_files_or_with_a_damaged_archive_is_told(matti, given, web):
    orders.waiting_for_contact(matti)
    there = reverse("customers:requests")
    assert "field__error" in web.post(there, {"requests": ""}).text
    broken = SimpleUploadedFile("a.zip", b"PK\x03\x04 ei ole ZIP")
    assert "field__error" in web.post(there, {"requests": [broken]}).text


def test_more_files_than_the_service_takes_at_once_are_refused_with_what_to_do(given, web):
    there = reverse("customers:requests")
    most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
    assert f"enintään {most} tiedostoa kerralla" in web.get(there).text
    files = [SimpleUploadedFile(f"{number}.csr", b"x") for number in range(most + 1)]
    told = web.post(there, {"requests": files})
    assert told.status_code == 400
    assert f"yli {most} tiedostoa" in told.text and "ZIP" in told.text
