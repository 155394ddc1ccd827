"""What an order's page offers its applicant, the service does, and it refuses everything else."""

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils.translation import override

from applications import services
from applications.errors import NotPossible
from applications.rules import possible_actions
from applications.workflow import Action, Role
from certportal.dev.builders import orders, people
from certportal.dev.builders.mails import about_order
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from tests.applications.contact.conftest import send_back

PRESSED = {
    Action.WITHDRAW: services.withdraw,
    Action.RESEND_LINK: services.resend_link,
    Action.REVOKE_LINK: services.revoke_link,
}
ACTIONS = {*PRESSED, Action.RENAME_CONTACT, Action.ADD_INFORMATION, Action.REPLACE_CSR}


def awaiting(send, matti, _riitta):
    return send(matti)


def link_ended(send, matti, _riitta):
    order = send(matti)
    services.revoke_link(order.pk, **orders.Handler(matti, order).seen)
    return order


def queued(_send, matti, _riitta):
    """In review, with its own request: nobody ever had a link."""
    return orders.in_review(matti)


def claimed(_send, matti, riitta):
    return orders.claimed(matti, riitta)


def asked(_send, matti, riitta):
    order = orders.claimed(matti, riitta)
    given = {"reason": "Mikä?", "sections": ["contact"], "deadline": clock.day(clock.now())}
    services.request_info(order.pk, **given, person=riitta, **orders.Handler(riitta, order).seen)
    return order


def delivered(_send, matti, riitta):
    return orders.delivered(matti, riitta)


def withdrawn(send, matti, _riitta):
    order = send(matti)
    services.withdraw(order.pk, **orders.Handler(matti, order).seen)
    return order


def act(action, order, person):
    seen = orders.Handler(person, order).seen
    if action in PRESSED:
        PRESSED[action](order.pk, **seen)
    elif action == Action.RENAME_CONTACT:
        named = {"technical_name": "Uusi", "technical_email": "uusi@example.com"}
        services.rename_contact(order.pk, named, **seen)
    elif action == Action.ADD_INFORMATION:
        services.add_information(order.pk, text="Lisää.", person=person, **seen)
    else:
        stored = services.upload_csr(
            order.pk, orders.openssl_csr(), actor=seen["actor"], now=seen["now"]
        )
        services.attach_csr(order.pk, stored.pk, role=Role.APPLICANT, **seen)


def done(action, order, person):
    """Return whether the service does the action; nothing of it stays."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                act(action, order, person)
        except Refused:
            return False
        finally:
            transaction.set_rollback(True)
    return True


@pytest.mark.parametrize(
    "stand",
    [awaiting, link_ended, queued, claimed, asked, delivered, withdrawn],
    ids=lambda one: one.__name__,
)
def test_an_order_offers_what_its_service_does(stand, send, matti, riitta, cas):
    order = stand(send, matti, riitta)
    with override("en"):
        page = people.log_in(Client(), matti).get(f"/en/orders/{order.pk}/")
    offered = page.context["offers"]
    assert offered & ACTIONS == {one for one in ACTIONS if attached(one, order, matti)}
    giving = offered & {Action.ATTACH_CSR, Action.REPLACE_CSR}
    assert page.context["may_give_csr"] == bool(giving)


def attached(action, order, matti):
    """An awaited request is attached, one that is there replaced: each is offered as itself."""
    if action == Action.REPLACE_CSR and order.csr_id is None:
        return False
    return done(action, order, matti)


def test_the_technical_contact_replaces_no_request_of_a_claimed_case(matti, riitta, cas):
    order, now = orders.waiting_for_contact(matti), clock.now()
    orders.attach(matti, order, orders.openssl_csr())
    orders.drain()
    order.refresh_from_db()
    contact = Role.TECHNICAL_CONTACT
    assert possible_actions.may(Action.REPLACE_CSR, order, contact, now=now)
    services.claim(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    order.refresh_from_db()
    assert not possible_actions.may(Action.REPLACE_CSR, order, contact, now=now)


def test_who_only_gets_the_certificate_gives_no_awaited_request(matti):
    """Matti sends it himself after the order; nobody asks Tiina for one."""
    order = orders.draft(matti)
    orders.name_contact(matti, order, orders.CONTACT | {"technical_language": "en"})
    own = {"csr_by": "applicant"}
    services.save_section(order.pk, "csr", own, **orders.Handler(matti, order).seen)
    orders.submit(matti, order)
    link = order.contact_links.get()
    letter = about_order("link_sent", order, "technical_contact")
    assert letter.subject.startswith("You have been named the technical contact of an order")
    assert "Use the link to follow the order and" in " ".join(letter.text.split())
    page, browser = f"/en/contact-link/{link.token}/", Client()
    for text in (letter.text, browser.get(page).text):
        assert "lapses" not in text
    browser.post(page)
    assert "waits for the certificate request" not in browser.get(f"{page}order/").text
    assert f"{page}csr/" not in browser.get(f"{page}order/").text
    assert browser.get(f"{page}csr/").status_code == 409
    given = {"actor": Actor("technical_contact", str(link.pk)), "now": clock.now()}
    stored = services.upload_csr(order.pk, orders.openssl_csr(), **given)
    with pytest.raises(NotPossible):
        services.attach_csr(
            order.pk, stored.pk, role=Role.TECHNICAL_CONTACT, version=order.version, **given
        )
    orders.attach(matti, order, orders.openssl_csr())


def test_whose_own_request_is_returned_is_told_of_nobody_else(matti, cas):
    """Tiina gets the certificate; nobody but Matti has a request to make."""
    order = orders.with_csr(matti)
    orders.name_contact(matti, order, orders.CONTACT)
    orders.submit(matti, order)
    orders.drain()
    orders.attach(matti, order, orders.openssl_csr())
    send_back(order)
    _replaced, told = mail.outbox
    assert {one.to[0] for one in mail.outbox} == {"matti@example.fi"}
    assert "tekniseltä" not in told.body
    assert "Anna uusi varmennepyyntö:" in told.body
    mail.outbox.clear()
    services.withdraw(order.pk, **orders.Handler(matti, order).seen)
    orders.drain()
    assert [one.to for one in mail.outbox] == [["matti@example.fi"]]


def test_who_only_gets_the_certificate_replaces_no_request(matti, cas):
    """Matti gave his own request; the address he typed for the certificate may be a stranger's."""
    order = orders.with_csr(matti)
    orders.name_contact(matti, order, orders.CONTACT)
    orders.submit(matti, order)
    orders.drain()
    order.refresh_from_db()
    link, own = order.contact_links.get(), order.csr
    stranger = Actor("technical_contact", str(link.pk))
    given = {"actor": stranger, "now": clock.now()}
    stored = services.upload_csr(order.pk, orders.openssl_csr(), **given)
    page, browser = f"/en/contact-link/{link.token}/", Client()
    browser.post(page)
    assert browser.get(f"{page}csr/").status_code == 409
    with pytest.raises(NotPossible):
        services.attach_csr(
            order.pk, stored.pk, role=Role.TECHNICAL_CONTACT, version=order.version, **given
        )
    order.refresh_from_db()
    assert order.csr == own
    orders.attach(matti, order, orders.openssl_csr())  # the applicant still may


def test_nor_does_the_address_that_is_named_for_them_afterwards(matti, cas):
    """A corrected address may be wrong as well; the page says whose the request is."""
    order = orders.with_csr(matti)
    orders.name_contact(matti, order, orders.CONTACT)
    orders.submit(matti, order)
    orders.drain()
    orders.attach(matti, order, orders.openssl_csr())
    send_back(order)
    page = people.log_in(Client(), matti).get(f"/en/orders/{order.pk}/contact/")
    assert "You give the certificate request (CSR) yourself." in page.text
    named = {"technical_name": "Uusi", "technical_email": "uusi@example.com"}
    services.rename_contact(order.pk, named, **orders.Handler(matti, order).seen)
    mail.outbox.clear()
    orders.drain()
    (sent,) = (one for one in mail.outbox if one.to == ["uusi@example.com"])
    assert "Lähetä varmennepyyntö" not in sent.body
    link, browser = order.contact_links.get(email="uusi@example.com"), Client()
    browser.post(f"/en/contact-link/{link.token}/")
    assert browser.get(f"/en/contact-link/{link.token}/csr/").status_code == 409
