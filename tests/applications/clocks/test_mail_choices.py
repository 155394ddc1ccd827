"""Each person chooses which mails come; what somebody must hear of is always heard of."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation

from accounts import mail as accounts_mail
from accounts.access import actor_for
from accounts.models import MailChoice, Membership
from accounts.models.mail_choices import ALWAYS
from accounts.services.people import preferences
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.mail import orders as order_mails
from applications.models import Application
from applications.rules import mail_choices
from applications.services import transition
from applications.services.system.renewal_reminders import remind_of_expiry
from applications.workflow import Role
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.models import OutboxItem

pytestmark = pytest.mark.django_db
# Written out: what is moved into a group that a person may do without is noticed here.
OPTIONAL = {
    *("renewal", "renewals", "receipt", "bulk_receipt", "csr_attached", "csrs_attached"),
    *("reopened", "request_cancelled", "withdrawn", "expired", "certificates_expired"),
}


def decline(person, *groups: str) -> None:
    wanted = [one for one in MailChoice if one not in groups]
    preferences.choose(person, person.language, wanted, actor=actor_for(person), now=clock.now())


def notified(order, notice: str, *recipients: str) -> list[str]:
    """Return who is told of the recipients, in their order."""
    before = set(OutboxItem.objects.values_list("pk", flat=True))
    transition.notify(order, notice, recipients, clock.now())
    new = OutboxItem.objects.exclude(pk__in=before)
    return sorted((one.payload["recipient"] for one in new), key=recipients.index)


def make_administrator(person) -> None:
    Membership.objects.filter(person=person).update(role=Membership.Role.ADMINISTRATOR)


def reminded(order, post, days: int = 60) -> set[str]:
    at = certificate_of(order).not_after - timedelta(days=days, hours=12)
    remind_of_expiry(now=at)
    return {one.to[0] for one in post(at)}


def test_every_mail_about_an_order_can_be_turned_off_or_says_why_not():
    assert set(mail_choices.KINDS) == set(order_mails.MAILS)
    assert {str(kind) for kind in mail_choices.KINDS.values()} <= {*MailChoice.values, *ALWAYS}


@pytest.mark.parametrize("notice", sorted(mail_choices.KINDS))
def test_what_a_person_turned_off_does_not_come_and_all_else_does(notice, order, matti, maija):
    """Maija, an administrator, hears of the rest, so nothing depends on Matti alone."""
    make_administrator(maija)
    told = ("applicant", f"person:{maija.pk}", "mailbox", "technical_contact", "reviewer")
    Application.objects.filter(pk=order.pk).update(technical_email="teemu@it.example")
    order.refresh_from_db()
    everybody = notified(order, notice, *told)
    # The certificate itself tells the applicant of the approval.
    assert everybody == list(told[1:] if notice == "approved" else told)
    decline(matti, *MailChoice)
    left = notified(order, notice, *told)
    assert left == (everybody[1:] if notice in OPTIONAL else everybody)


def test_the_mails_of_other_apps_always_come(matti, maija):
    decline(matti, *MailChoice)
    assert not {*accounts_mail.MAILS} & {*mail_choices.KINDS}


def test_the_decision_comes_where_the_files_go_to_the_technical_contact(matti, riitta, cas):
    """It is the only mail that tells the orderer how to ask for a review."""
    decline(matti, *MailChoice)
    order = orders.with_csr(matti)
    orders.name_contact(matti, order, orders.CONTACT)
    orders.submit(matti, order)
    mail.outbox.clear()
    orders.finish(matti, riitta, order)
    told = [one for one in mail.outbox if one.to == [matti.email]]
    assert [f"/{order.pk}/" in one.body and "/decision" in one.body for one in told] == [True]


@pytest.mark.parametrize(("by", "told"), [("technical_contact", True), ("person", False)])
def test_that_a_link_brought_the_request_always_comes(matti, cas, by, told):
    """A stranger may have got the link; a colleague who brings it is known."""
    decline(matti, *MailChoice)
    order = orders.waiting_for_contact(matti)
    giver = {"technical_contact": str(order.contact_links.get().pk), "person": str(matti.pk)}
    given = {"actor": Actor(by, giver[by]), "now": clock.now()}
    stored = services.upload_csr(order.pk, orders.openssl_csr(), **given)
    mail.outbox.clear()
    order.refresh_from_db()
    services.attach_csr(
        order.pk, stored.pk, role=Role.TECHNICAL_CONTACT, version=order.version, **given
    )
    orders.drain()
    letters = [" ".join(one.body.split()) for one in mail.outbox if one.to == [matti.email]]
    assert bool(letters) == told
    for letter in letters:  # what a stranger's key needs, before that nothing else is needed
        assert "lähetettiin osoitteeseen tiina@example.com" in letter
        assert "poista linkki käytöstä" in letter.partition("Muuten sinun ei tarvitse")[0]


def test_who_orders_alone_is_reminded_all_the_same(order, matti, post):
    decline(matti, *MailChoice)
    assert reminded(order, post) == {"matti@example.fi", "tekniikka@example.fi"}


def test_an_administrator_hears_in_place_of_the_orderer_from_the_first_reminder(
    order, matti, maija, post
):
    make_administrator(maija)
    assert reminded(order, post, 60) == {"matti@example.fi", "tekniikka@example.fi"}
    decline(matti, MailChoice.REMINDERS)
    assert reminded(order, post, 30) == {"maija@example.fi", "tekniikka@example.fi"}


@pytest.mark.parametrize("group", [MailChoice.REMINDERS, MailChoice.COLLEAGUES])
def test_where_nobody_wants_it_the_choice_does_not_hold(order, matti, maija, post, group):
    make_administrator(maija)
    decline(matti, MailChoice.REMINDERS)
    decline(maija, group)
    assert "matti@example.fi" in reminded(order, post, 60)


def test_who_does_without_colleagues_orders_hears_of_their_own(order, matti, maija, post):
    make_administrator(maija)
    decline(maija, MailChoice.COLLEAGUES)
    assert "maija@example.fi" not in reminded(order, post, 14)
    Application.objects.filter(pk=order.pk).update(contact_email=maija.email)
    assert "maija@example.fi" in reminded(order, post, 7)


def test_who_left_decides_nothing(order, matti, maija, post):
    """The orderer has turned reminders off and left: the administrators are told."""
    decline(matti, *MailChoice)
    make_administrator(maija)
    Membership.objects.filter(person=matti).update(ended_at=clock.now())
    assert reminded(order, post) == {"maija@example.fi", "tekniikka@example.fi"}


def test_the_mailbox_is_nobodys(order, matti, post):
    Application.objects.filter(pk=order.pk).update(mailbox="yhteinen@example.fi")
    decline(matti, *MailChoice)
    assert "yhteinen@example.fi" in reminded(order, post)


def test_a_reminder_speaks_the_language_of_its_reader(order, matti, post):
    preferences.choose(matti, "sv", list(MailChoice), actor=actor_for(matti), now=clock.now())
    at = certificate_of(order).not_after - timedelta(days=30, hours=12)
    remind_of_expiry(now=at)
    mails = {one.to[0]: one for one in post(at)}
    assert "Certifikatet går ut" in mails["matti@example.fi"].subject
    assert "/sv/account/me/#mails" in mails["matti@example.fi"].body
    assert "Varmenne vanhenee" in mails["tekniikka@example.fi"].subject


def test_the_page_shows_and_keeps_the_choice(matti):
    web = people.log_in(Client(), matti)
    page = web.get("/fi/account/me/").text
    assert page.count("checked") == 1 + len(MailChoice)  # the language, and all groups
    with translation.override("fi"):
        assert [key for key, one in ALWAYS.items() if str(one.why) not in page] == ["work"]
    web.post("/fi/account/me/", {"language": "fi", "mails": ["reminders", "progress"]})
    matti.refresh_from_db()
    assert matti.declined_mails == "receipts colleagues"
    assert web.get("/fi/account/me/").text.count("checked") == 3


def test_a_page_that_did_not_ask_about_mails_changes_nothing_of_them(matti):
    """A page of the version before, in an upgrade, asks for the language alone."""
    decline(matti, MailChoice.RECEIPTS)
    web = people.log_in(Client(), matti)
    web.post("/fi/account/me/", {"language": "sv"})
    matti.refresh_from_db()
    assert (matti.language, matti.declined_mails) == ("sv", "receipts")
    asks = web.get("/sv/account/me/").context["form"]["asks_mails"].value()
    web.post("/sv/account/me/", {"language": "sv", "asks_mails": asks})
    matti.refresh_from_db()
    assert set(matti.declined_mails.split()) == set(MailChoice)


def test_a_group_that_there_is_not_is_refused_and_nothing_lost(matti):
    web = people.log_in(Client(), matti)
    answer = web.post("/fi/account/me/", {"language": "sv", "mails": ["reminders", "all"]})
    assert answer.status_code == 200
    assert "notice--error" in answer.text or "error" in answer.text
    matti.refresh_from_db()
    assert (matti.language, matti.declined_mails) == ("fi", "")
