"""A technical contact who was a member and has left, whatever address they have by now."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts.models import Person
from accounts.services.organisations import membership
from applications import services
from applications.rules import contact_links, recipients
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock


@pytest.fixture
def order(matti, maija):
    """An order that waits for the request of Maija, a colleague of Matti's."""
    return orders.waiting_for_contact(matti, technical_email=maija.email)


def leave(matti, maija):
    act(matti, membership.remove, maija.memberships.get(ended_at=None).pk)


def change_address(maija):
    people.verify(maija, "maija@uusi.example.fi", now=clock.now())


def is_valid(order):
    return contact_links.is_valid(order.contact_links.get(), order, now=clock.now())


def test_another_address_does_not_open_the_link_again(order, matti, maija):
    leave(matti, maija)
    assert not is_valid(order)
    change_address(maija)
    assert not is_valid(order)


def test_who_changed_the_address_before_loses_the_link_by_leaving(order, matti, maija):
    change_address(maija)
    assert is_valid(order)
    leave(matti, maija)
    assert not is_valid(order)


def test_a_link_to_an_address_that_was_changed_before_it_was_made_ends_too(matti, maija):
    former = maija.email
    change_address(maija)
    order = orders.waiting_for_contact(matti, technical_email=former)
    assert is_valid(order)
    leave(matti, maija)
    assert not is_valid(order)


@pytest.mark.parametrize(
    ("theirs", "named"),
    [
        ("maija@example.fi", '"maija"@example.fi'),
        ('"maija"@example.fi', "maija@example.fi"),
        ("maija@äkkö.fi", "maija@xn--kk-uia8e.fi"),
    ],
)
def test_a_link_to_another_spelling_of_their_address_ends_too(matti, maija, theirs, named):
    people.verify(maija, theirs, now=clock.now())
    order = orders.waiting_for_contact(matti, technical_email=named)
    assert is_valid(order)
    leave(matti, maija)
    assert not is_valid(order)


def test_so_it_does_if_the_address_was_verified_before_it_was_marked(matti, maija):
    Person.objects.filter(pk=maija.pk).update(former_addresses=[])
    order = orders.waiting_for_contact(matti, technical_email=f'"maija"@{maija.email[6:]}')
    leave(matti, maija)
    assert not is_valid(order)


def test_the_certificate_goes_to_nobody_who_left(order, matti, maija):
    assert told(order) == [maija.email]
    change_address(maija)
    leave(matti, maija)
    assert told(order) == [matti.email]


def test_the_service_sends_no_link_to_who_left(order, matti, maija, riitta):
    leave(matti, maija)
    services.lapse(order.pk, now=clock.now())
    act(riitta, services.reopen, order, reasons="Hakija pyysi, ja yksikkö on voimassa.")
    assert not contact_links.valid_links(order, now=clock.now())
    assert order.contact_links.count() == 1


def test_the_applicant_may_still_send_one(order, matti, maija):
    leave(matti, maija)
    act(matti, services.resend_link, order)
    assert contact_links.valid_links(order, now=clock.now())


def told(order):
    order.refresh_from_db()
    to = recipients.present(order, ("recipient",))
    return [recipients.resolve(order, one)[0] for one in to]


def test_a_colleague_who_reads_the_same_mailbox_keeps_the_link(matti, maija):
    """Nobody can tell for which of the two it was made."""
    for reader in (matti, maija):
        people.verify(reader, "tekniikka@example.fi", now=clock.now())
    act(matti, membership.change_role, maija.memberships.get().pk, "administrator")
    order = orders.waiting_for_contact(maija, technical_email="tekniikka@example.fi")
    leave(maija, matti)
    assert is_valid(order)
    assert told(order) == ["tekniikka@example.fi"]


def test_a_question_that_waited_for_the_mail_server_goes_to_nobody_who_left(
    matti, maija, riitta, cas
):
    """Maija is the contact person of her order, and is removed before the mail is written."""
    case = orders.claimed(maija, riitta)
    case.contact_name, case.contact_email = str(maija), maija.email
    case.save(update_fields=["contact_name", "contact_email"])
    orders.drain()
    mail.outbox.clear()
    orders.ask(riitta, case, clock.day(clock.now()) + timedelta(days=14))
    leave(matti, maija)
    orders.drain()
    asking = [one.to for one in mail.outbox if case.number in one.subject]
    assert asking == [[matti.email]]
