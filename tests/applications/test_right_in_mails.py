"""What mails about a sent order say while the sender's right to act is unconfirmed."""

import pytest
from django.utils.formats import date_format

from accounts.models import Membership
from accounts.services.rights import documents
from applications.models import Application
from certportal.dev.builders import bulk, orders
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf
from certportal.dev.builders.mails import about_order
from certportal.foundation import clock
from tests.tables import rewrite

pytestmark = pytest.mark.django_db
NOTHING_TO_DO = "ei tarvitse tehdä mitään"


@pytest.fixture(autouse=True)
def _register(sample):
    return sample


@pytest.fixture
def unconfirmed(pharmacy):
    """Return how to make the rights of the pharmacy's members unconfirmed."""
    rights = Membership.objects.filter(organisation=pharmacy)
    return lambda: rights.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)


@pytest.mark.parametrize("name", ["receipt", "csr_attached", "csrs_attached"])
def test_the_applicant_is_asked_for_proof_of_the_right_until_it_is_confirmed(
    matti, maija, unconfirmed, name
):
    order = orders.in_review(matti)
    told = about_order(name, order, "applicant").text
    assert "/account/right/" not in told
    unconfirmed()
    told = about_order(name, order, "applicant").text
    assert "käsittelijän on vahvistettava, että saat toimia" in told
    assert "/fi/account/right/" in told
    assert NOTHING_TO_DO not in told
    assert "Jos hyväksymme sen" in told
    rewrite(Application.objects.filter(pk=order.pk), contact_email=maija.email)
    told = about_order(name, order, "applicant").text
    assert "käsittelijän on vahvistettava, että Matti Meikäläinen saa toimia" in told


def test_a_document_that_was_handed_in_is_not_asked_for_again(matti, unconfirmed):
    order = orders.in_review(matti)
    unconfirmed()
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    act(matti, documents.hand_in, matti, order.organisation, paper)
    told = about_order("receipt", order, "applicant").text
    day = date_format(clock.day(clock.now()), "SHORT_DATE_FORMAT")
    assert f"Käsittelijä katsoo {day} toimitetun asiakirjan" in told
    assert "/account/right/" not in told


def test_a_receipt_of_many_orders_says_what_to_do_before_it_lists_them(matti, unconfirmed):
    (first, *_rest) = bulk.sent(matti, bulk.begun(matti, "a.example.fi", "b.example.fi"))
    unconfirmed()
    told = about_order("bulk_receipt", first, "applicant").text
    page = told.index(f"/orders/together/{first.bulk_order_id}/")
    assert told.index("/fi/account/right/") < page < told.index("* a.example.fi")


def test_a_test_certificate_needs_no_proof(matti, unconfirmed):
    order = orders.in_review(matti, type="test_server")
    unconfirmed()
    assert "/account/right/" not in about_order("receipt", order, "applicant").text
