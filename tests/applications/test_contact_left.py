"""Mails about an order whose contact person has left reach those who still act for it."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.services.organisations import membership
from accounts.services.people import merge
from applications import services
from applications.rules import recipients, sections
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.dev.builders.replacements import approve, plan, run
from certportal.foundation import clock
from certportal.foundation.actors import system
from tests.applications.packages import packages_in


@pytest.fixture
def theirs(maija):
    """An order that names Maija as its contact person."""
    order = orders.with_csr(maija)
    contact = {"contact_name": "Maija Mallikas", "contact_email": "Maija@example.fi"}
    seen = orders.Handler(maija, order).seen
    services.save_section(order.pk, "contact", contact, **seen)
    orders.submit(maija, order)
    orders.drain()
    return order


def withdraw(order, by) -> list[list[str]]:
    mail.outbox.clear()
    services.withdraw(order.pk, **orders.Handler(by, order).seen)
    orders.drain()
    return [one.to for one in mail.outbox]


def test_while_they_belong_to_the_account_they_are_told(theirs, matti):
    assert withdraw(theirs, matti) == [["Maija@example.fi"]]


def test_once_they_have_left_the_administrators_are(theirs, matti, maija):
    key = maija.memberships.get().pk
    membership.remove(key, by=matti, actor=actor_for(matti), now=clock.now())
    orders.drain()
    assert withdraw(theirs, matti) == [["matti@example.fi"]]
    assert f"/orders/{theirs.pk}/" in mail.outbox[0].body


def test_one_who_changed_the_address_before_leaving_is_not_told_at_the_former(theirs, matti, maija):
    maija.email = "maija@toinen.example.fi"
    maija.save(update_fields=["email"])
    theirs.refresh_from_db()
    assert recipients.package(theirs) == ("recipient", "mailbox")
    membership.remove(maija.memberships.get().pk, by=matti, actor=actor_for(matti), now=clock.now())
    orders.drain()
    assert recipients.package(theirs) == (f"person:{matti.pk}", "mailbox")
    assert withdraw(theirs, matti) == [["matti@example.fi"]]


def remove(person, by) -> None:
    key = person.memberships.get().pk
    membership.remove(key, by=by, actor=actor_for(by), now=clock.now())
    orders.drain()


def as_theirs(maija, matti):
    """Return an order that Matti sent and that names Maija as its contact person."""
    order = orders.with_csr(matti)
    contact = {"contact_name": "Maija Mallikas", "contact_email": "maija@example.fi"}
    services.save_section(order.pk, "contact", contact, **orders.Handler(matti, order).seen)
    orders.submit(matti, order)
    orders.drain()
    return order


def test_who_only_was_named_and_changed_the_address_before_leaving_is_not_told(matti, maija):
    order = as_theirs(maija, matti)
    people.verify(maija, "maija@toinen.example.fi", now=clock.now())
    assert recipients.package(order) == ("recipient", "mailbox")

    remove(maija, matti)

    assert recipients.package(order) == (f"person:{matti.pk}", "mailbox")
    assert withdraw(order, matti) == [["matti@example.fi"]]


@pytest.mark.parametrize("is_merged_first", [True, False])
def test_who_left_is_known_by_the_address_of_a_merged_record(matti, maija, is_merged_first):
    order, same = as_theirs(maija, matti), people.make_person("Mari Mallikas")
    steps = [
        lambda: merge.merge(maija, into=same, actor=system("operator"), now=clock.now()),
        lambda: remove(same if is_merged_first else maija, matti),
    ]
    for step in steps if is_merged_first else reversed(steps):
        step()

    assert withdraw(order, matti) == [["matti@example.fi"]]


def test_who_stays_by_another_record_is_told_at_the_address_of_the_merged_one(matti, maija):
    order, same = as_theirs(maija, matti), people.make_person("Mari Mallikas")
    merge.merge(maija, into=same, actor=system("operator"), now=clock.now())
    assert recipients.package(order) == ("recipient", "mailbox")


def issued(order, matti, riitta):
    """Have the certificate issued; return who gets it by mail."""
    mail.outbox.clear()
    orders.finish(matti, riitta, order)
    order.refresh_from_db()
    assert order.status == Status.DELIVERED
    assert not order.packages.filter(sent_at=None).exists()
    return {one.to[0] for one in packages_in(mail.outbox)}


def test_the_certificate_goes_to_those_who_still_belong_to_the_account(matti, maija, riitta, cas):
    order = as_theirs(maija, matti)
    remove(maija, matti)
    assert issued(order, matti, riitta) == {"matti@example.fi", "tekniikka@example.fi"}
    decided = [one for one in mail.outbox if "/decision" in one.body]
    assert [one.to for one in decided] == [["matti@example.fi"]]


def test_so_it_does_where_the_technical_member_who_was_to_get_it_has_left(
    matti, maija, riitta, cas
):
    order = orders.with_csr(matti)
    orders.name_contact(matti, order, orders.CONTACT | {"technical_email": "maija@example.fi"})
    orders.submit(matti, order)
    remove(maija, matti)
    assert issued(order, matti, riitta) == {"matti@example.fi", "tekniikka@example.fi"}


def test_who_is_named_anew_after_leaving_is_the_organisation_s_own_choice(
    matti, maija, riitta, cas
):
    """As a consultant: a stranger's address would get the mails too."""
    remove(maija, matti)
    order = as_theirs(maija, matti)
    assert recipients.package(order) == ("recipient", "mailbox")
    assert withdraw(order, matti) == [["maija@example.fi"]]


def test_a_technical_contact_named_after_leaving_gets_the_certificate(matti, maija, riitta, cas):
    remove(maija, matti)
    order = orders.with_csr(matti)
    orders.name_contact(matti, order, orders.CONTACT | {"technical_email": "maija@example.fi"})
    orders.submit(matti, order)
    assert issued(order, matti, riitta) == {"maija@example.fi", "tekniikka@example.fi"}


def test_nobody_has_chosen_who_left_for_the_order_that_a_replacement_makes(
    matti, maija, riitta, raimo, cas
):
    order = as_theirs(maija, matti)
    orders.finish(matti, riitta, order)
    remove(maija, matti)
    made = plan()
    approve(made, riitta, raimo)
    mail.outbox.clear()
    run(made)
    assert {one.to[0] for one in packages_in(mail.outbox)} == {
        "matti@example.fi",
        "tekniikka@example.fi",
    }
    assert "maija@example.fi" not in {to for one in mail.outbox for to in one.to}


def test_a_new_order_copies_no_technical_contact_who_has_left(matti, maija, riitta, cas):
    order = orders.waiting_for_contact(matti, technical_email="maija@example.fi")
    remove(maija, matti)
    new = services.start(
        organisation=order.organisation,
        person=matti,
        type=order.kind,
        language="fi",
        template=order,
        actor=actor_for(matti),
        now=clock.now(),
    )
    assert (new.technical_name, new.technical_email) == ("", "")
    assert "technical" in [one.id for one in sections.missing(new, on=clock.day(clock.now()))]
    shown = people.log_in(Client(), matti).get(reverse("applications:again", args=[order.pk])).text
    assert "Tiina Toimittaja" not in shown


def test_who_may_not_order_any_more_is_asked_nothing(matti, maija, riitta, cas):
    """Maija is a technical member now: the pages of the order are not hers to open."""
    order = as_theirs(maija, matti)
    act(matti, membership.change_role, maija.memberships.get().pk, "technical")
    services.claim(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    orders.drain()
    mail.outbox.clear()
    orders.ask(riitta, order, clock.day(clock.now()))
    orders.drain()
    assert [one.to for one in mail.outbox] == [["matti@example.fi"]]


def test_who_may_not_order_any_more_is_no_author(theirs, matti, maija):
    assert recipients.author(theirs) == [f"person:{maija.pk}"]
    act(matti, membership.change_role, maija.memberships.get().pk, "technical")
    assert recipients.author(theirs) == []


def test_one_who_came_back_is_told_again(theirs, matti, maija, pharmacy, now):
    own = maija.memberships.get()
    membership.remove(own.pk, by=matti, actor=actor_for(matti), now=clock.now())
    pharmacy.memberships.create(person=maija, role="applicant", basis="invitation", begun_at=now)
    orders.drain()
    assert withdraw(theirs, matti) == [["Maija@example.fi"]]


def test_an_address_that_is_no_persons_stays_as_it_is(theirs, matti, maija):
    theirs.contact_email = "tilaukset@example.fi"
    theirs.save(update_fields=["contact_email"])
    assert withdraw(theirs, matti) == [["tilaukset@example.fi"]]
