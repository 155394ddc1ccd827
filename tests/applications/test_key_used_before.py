"""A key that has another use: said at the upload, in true words, before any promise is given."""

import pytest
from django.core import mail
from django.urls import reverse

from accounts.access import actor_for
from applications import services
from applications.errors import UnfitCsr
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.dev.builders.orders import Handler
from certportal.foundation import clock
from tests.applications.contact import conftest as contact
from tests.issuance.csr.builder import pem, rsa_key, rsa_key_with
from tests.issuance.orders import make_csr

CLINIC = "1.2.246.10.99000085.10.0"

link, order, send, tiina = contact.link, contact.order, contact.send, contact.tiina


@pytest.fixture
def csr():
    """One request, given twice."""
    return orders.openssl_csr()


def give(web, draft, csr: bytes):
    """Post the request to the page of the draft."""
    draft.refresh_from_db()
    form = {"version": draft.version, "how": "text", "text": csr.decode()}
    return web.post(reverse("applications:part", args=[draft.pk, "csr"]), form)


def rules(refusal) -> list[str]:
    return [finding.rule for finding in refusal.value.report.errors]


def test_matti_is_told_which_certificate_of_his_has_the_key(matti, riitta, cas, web, csr):
    certified = orders.delivered(matti, riitta, csr=csr)
    draft = orders.draft(matti)
    page = give(web, draft, csr)
    certificate = orders.prepared(certified)
    assert "Avain on varmennettu jo aiemmin" in page.text
    assert "omassa varmenteessa erecept.example.fi" in page.text
    assert certificate.serial in page.text
    assert not draft.csrs.exists()


def test_matti_is_told_which_order_of_his_has_the_key(matti, web, csr):
    first = orders.submitted(matti, csr=csr)
    draft = orders.draft(matti)
    page = give(web, draft, csr)
    number = f'<span class="nowrap">{first.number}</span>'
    assert f"omassa tilauksessa {number} on jo varmennepyyntö" in page.text
    assert not draft.csrs.exists()


def test_the_same_modulus_with_another_exponent_is_the_same_key(matti, riitta, cas, web):
    usual, other = (pem(make_csr(key)).encode() for key in (rsa_key(), rsa_key_with(65539)))
    certified = orders.delivered(matti, riitta, csr=usual)
    page = give(web, orders.draft(matti), other)
    assert orders.prepared(certified).serial in page.text


def test_of_a_strangers_certificate_or_order_matti_learns_the_same_and_no_name(
    matti, kalle, riitta, cas, web, csr
):
    pending = orders.openssl_csr("kanta.klinikka.fi")
    certified = orders.delivered(kalle, riitta, csr=csr, unit=CLINIC)
    waiting = orders.submitted(kalle, csr=pending, unit=CLINIC)
    draft = orders.draft(matti)
    pages = [give(web, draft, one).text for one in (csr, pending)]
    for page in pages:
        assert "on jo käytetty" in page
        for secret in (certified.number, waiting.number, str(kalle), "9900008-5"):
            assert secret not in page
        assert orders.prepared(certified).serial not in page
    assert not draft.csrs.exists()


def test_a_drafts_request_keeps_nobody_from_using_the_key(matti, web, csr):
    orders.with_csr(matti, csr=csr)
    assert give(web, orders.draft(matti), csr).status_code == 302


def test_the_technical_contact_is_told_the_same_before_any_promise(
    matti, riitta, cas, order, link, tiina, csr
):
    orders.delivered(matti, riitta, csr=csr)
    orders.drain()
    mail.outbox.clear()
    tiina.post(contact.at(link))
    page = contact.give(tiina, link, csr)
    assert "own certificate erecept.example.fi" in page.text
    orders.drain()
    order.refresh_from_db()
    assert (order.status, order.due_on) == (Status.AWAITING_CSR, None)
    assert mail.outbox == []


def test_the_second_of_two_drafts_is_not_sent(matti, web, csr):
    second, first = orders.with_csr(matti, csr=csr), orders.with_csr(matti, csr=csr)
    orders.submit(matti, first)
    with pytest.raises(UnfitCsr) as refusal:
        orders.submit(matti, second)
    assert rules(refusal) == ["key.own_order"]
    second.refresh_from_db()
    assert second.status == Status.DRAFT
    check = reverse("applications:check", args=[second.pk])
    form = {"version": second.version, **dict.fromkeys(orders.DECLARATIONS, "on")}
    page = web.post(check, form)
    assert "Tilausta ei lähetetty" in page.text
    assert first.number in page.text
    assert not second.submissions.exists()


def test_a_key_that_was_taken_between_upload_and_choice_is_not_chosen(matti, csr):
    draft = orders.draft(matti)
    actor = actor_for(matti)
    stored = services.upload_csr(draft.pk, csr, actor=actor, now=clock.now())
    orders.submitted(matti, csr=csr)
    with pytest.raises(UnfitCsr) as refusal:
        services.choose_csr(draft.pk, stored.pk, **Handler(matti, draft).seen)
    assert rules(refusal) == ["key.own_order"]
