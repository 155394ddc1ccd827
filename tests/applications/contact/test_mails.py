"""What the technical contact is told by mail, in every state of the order."""

import pytest
from django.core import mail

from applications import services
from applications.models import Application
from applications.workflow import Role
from certportal.dev.builders import mails, orders
from certportal.dev.builders.orders import CONTACT
from certportal.foundation import clock
from certportal.foundation.actors import Actor

TIINA = "tiina@example.com"


@pytest.fixture
def fetching(matti):
    """Matti brings the request himself; Tiina gets the certificate."""
    application = orders.with_csr(matti)
    deputy = {"deputy_name": "Veera", "deputy_email": "veera@example.com"}
    orders.name_contact(matti, application, CONTACT | {"technical_language": "en"} | deputy)
    orders.submit(matti, application)
    return application


def to(address: str):
    return [one for one in mail.outbox if one.to == [address]]


def test_one_who_only_fetches_is_not_asked_for_a_request(fetching):
    orders.drain()
    (message,) = to(TIINA)
    assert message.subject.startswith("You have been named the technical contact of an order: ")
    assert "has already come" in message.body
    assert "lapses" not in message.body
    (message,) = to("veera@example.com")
    assert "as the deputy of the technical contact" in message.body


def test_the_certificate_comes_with_the_link_and_without_an_address_of_the_account(
    fetching, matti, riitta, cas
):
    orders.finish(matti, riitta, fetching)
    token = fetching.contact_links.get(holder="technical_contact").token
    package = to(TIINA)[-1]
    assert f"/en/contact-link/{token}/" in package.body
    assert f"/orders/{fetching.pk}/" not in package.body
    (shared,) = to("tekniikka@example.fi")
    assert token not in shared.body
    assert f"/fi/orders/{fetching.pk}/install/" in shared.body  # for whoever has the account
    assert "Matti Meikäläinen" in shared.body


def test_a_certificate_whose_contact_has_no_living_link_is_mailed_all_the_same(
    fetching, matti, riitta, cas
):
    services.revoke_link(fetching.pk, **orders.Handler(matti, fetching).seen)
    orders.finish(matti, riitta, fetching)
    package = to(TIINA)[-1]
    assert "contact-link" not in package.body
    assert {name.rsplit(".", 1)[1] for name, *_ in files(package)} == {"der", "pem"}


def files(message):
    return [(part.get_filename(), part.get_content()) for part in message.attachments]


def test_a_link_resent_after_delivery_says_that_the_certificate_is_there(
    fetching, matti, riitta, cas
):
    orders.finish(matti, riitta, fetching)
    services.resend_link(fetching.pk, **orders.Handler(matti, fetching).seen)
    orders.drain()
    assert "The certificate is ready to be fetched" in to(TIINA)[-1].subject


def test_the_applicant_is_told_that_another_request_took_the_place(order, link, matti):
    orders.attach(matti, order, orders.openssl_csr())
    orders.drain()
    promised = Application.objects.get(pk=order.pk).due_on
    mail.outbox.clear()
    actor = Actor("technical_contact", str(link.pk))
    stored = services.upload_csr(order.pk, orders.openssl_csr(), actor=actor, now=clock.now())
    seen = orders.Handler(matti, order).seen | {"actor": actor}
    services.attach_csr(order.pk, stored.pk, role=Role.TECHNICAL_CONTACT, **seen)
    orders.drain()
    (message,) = to("matti@example.fi")
    assert "vaihdettu" in message.subject
    assert f"{promised.day}.{promised.month}.{promised.year}" in message.body


def test_the_applicant_is_told_which_address_refused(order, link, matti):
    services.not_mine(link.pk, actor=Actor("technical_contact", "test"), now=clock.now())
    message = mails.about_order("not_mine_told", order, "applicant", now=clock.now())
    assert TIINA in message.text
