"""The applicant is told of the decision by mail, and where its paper is; packages wait for none."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.access import actor_for
from applications import services
from applications.models import Paper
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests.applications.packages import packages_in


@pytest.fixture
def by_contact(matti, riitta, cas):
    """An order whose certificate goes to the technical contact, delivered."""
    draft = orders.with_csr(matti)
    orders.name_contact(matti, draft, orders.CONTACT)
    orders.submit(matti, draft)
    mail.outbox.clear()
    return orders.finish(matti, riitta, draft)


def mails_to(address):
    return [one for one in mail.outbox if one.to == [address]]


def link_in(text, page):
    (found,) = re.findall(rf"https?://[^/]+(/\S+/{page}/)", text)
    return found


def opened(person, address):
    """The paper at the address, which its reader waits for."""
    client = people.log_in(Client(), person)
    assert client.get(address).status_code == 202
    orders.drain()
    return client.get(address)


def test_the_mail_with_the_certificate_says_where_the_decision_is(matti, riitta, cas):
    orders.delivered(matti, riitta)
    (package,) = packages_in(mails_to("matti@example.fi"))
    answer = opened(matti, link_in(package.body, "decision"))
    assert answer["Content-Type"] == "application/pdf"
    assert Paper.objects.filter(decision__kind="approved").exclude(made_at=None).count() == 1


def test_no_certificate_waits_for_the_paper_of_its_decision(matti, riitta, cas):
    orders.delivered(matti, riitta)
    assert packages_in(mail.outbox)
    assert not Paper.objects.exclude(decision=None).exists()


def test_who_has_the_certificate_sent_to_the_contact_is_told_of_the_decision(by_contact, matti):
    (told,) = [one for one in mails_to("matti@example.fi") if "/decision/" in one.body]
    assert by_contact.number in told.subject
    assert not told.attachments
    assert opened(matti, link_in(told.body, "decision"))["Content-Type"] == "application/pdf"


def test_the_contact_and_the_mailbox_are_given_no_page_that_they_cannot_open(by_contact):
    others = [*mails_to("tiina@example.com"), *mails_to("tekniikka@example.fi")]
    assert len(packages_in(others)) == 2
    assert not any("/decision/" in one.body for one in others)


@pytest.mark.parametrize("named", ["technical_email", "mailbox"])
def test_who_gets_the_certificate_by_a_link_or_a_shared_mailbox_is_told_too(
    matti, riitta, cas, named
):
    """Matti has named himself: neither mail with the certificate leads to the account."""
    draft = orders.with_csr(matti)
    orders.name_contact(matti, draft, orders.CONTACT | {named: "matti@example.fi"})
    orders.submit(matti, draft)
    mail.outbox.clear()
    orders.finish(matti, riitta, draft)
    decided = [one for one in mails_to("matti@example.fi") if "/decision/" in one.body]
    assert len(decided) == 1


def test_nobody_is_told_twice(matti, riitta, cas):
    orders.delivered(matti, riitta)
    decided = [one for one in mails_to("matti@example.fi") if "/decision/" in one.body]
    assert len(decided) == 1


def test_the_mail_about_a_revocation_says_where_its_notice_is(matti, riitta, cas, by_contact):
    mail.outbox.clear()
    services.revoke(
        by_contact.pk,
        reason="superseded",
        words="",
        person=matti,
        actor=actor_for(matti),
        now=clock.now(),
    )
    orders.drain()
    (told,) = mails_to("matti@example.fi")
    assert (
        opened(matti, link_in(told.body, "revocation-notice"))["Content-Type"] == "application/pdf"
    )
    (contact,) = mails_to("tiina@example.com")
    assert "/revocation-notice/" not in contact.body
