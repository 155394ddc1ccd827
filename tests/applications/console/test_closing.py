"""What follows when the authority closes an account, ends a membership or merges two accounts."""

from datetime import timedelta

import pytest
from django.core import mail as sent_mails
from django.test import Client

from accounts.access import actor_for
from accounts.models import AccountDecision, Membership
from accounts.services.organisations import invite as inviting, membership
from applications import services
from applications.errors import AccountOver
from applications.models import Application
from applications.rules import contact_links
from applications.views.shared import tracking
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.errors import Refused
from certportal.foundation.models import Event
from issuance.models import Certificate, PreparedCertificate
from tests.applications.contact.conftest import at, send as send
from tests.conftest import CLINICS, PHARMACY

CLOSED = "The order lapsed because the customer account was closed."
REASONS = "Kaupparekisterin mukaan hän ei edusta apteekkia."


def given(reviewer):
    return {
        "reasons": REASONS,
        "person": reviewer,
        "actor": actor_for(reviewer),
        "now": clock.now(),
    }


def status(order) -> str:
    order.refresh_from_db()
    return order.status


def subjects(address) -> list[str]:
    return [one.subject for one in sent_mails.outbox if one.to == [address]]


@pytest.fixture
def every(matti, riitta, send, cas):
    """One order of the pharmacy in each state in which something follows."""
    found = {
        "draft": orders.draft(matti),
        "awaiting_csr": send(matti),
        "checking": orders.submitted(matti),
        "in_review": orders.in_review(matti),
        "approved": orders.claimed(matti, riitta),
        "delivered": orders.delivered(matti, riitta),
        "info_requested": orders.claimed(matti, riitta),
    }
    asked = orders.Handler(riitta, found["info_requested"])
    services.request_info(
        asked.application.pk,
        reason="Mikä yksikkö?",
        sections=["contact"],
        deadline=clock.day(clock.now()) + timedelta(days=14),
        person=riitta,
        **asked.seen,
    )
    orders.approve(riitta, found["approved"])
    Application.objects.filter(pk=found["checking"].pk).update(status="checking")
    return found


def test_closing_ends_each_open_order_and_tells_whom_it_concerns(every, pharmacy, riitta):
    sent_mails.outbox.clear()
    services.close_account(pharmacy.pk, **given(riitta))
    assert not Application.objects.filter(pk=every.pop("draft").pk).exists()
    certified = every.pop("delivered")
    assert status(certified) == "delivered"
    for was, order in every.items():
        assert status(order) == "lapsed", was
        assert order.ended_at is not None
        event = Event.objects.get(action="application.end_with_account", object_id=str(order.pk))
        assert event.actor == f"person:{riitta.pk}"
        assert event.data["from"] == was
        assert not order.requests.filter(closed_at=None).exists()
        assert not contact_links.valid_links(order, now=clock.now())
        assert tracking.turn_words(order, now=clock.now()) == CLOSED
    state = PreparedCertificate.objects.get(reference=every["approved"].pk).state
    assert state == PreparedCertificate.State.VOID

    orders.drain()
    assert [one.reference for one in Certificate.objects.all()] == [certified.pk]
    (told,) = (one for one in sent_mails.outbox if "5 tilauksen" in one.subject)
    assert told.to == ["matti@example.fi"]
    assert all(order.number in told.body for order in every.values())
    assert any(every["awaiting_csr"].number in one for one in subjects("tiina@example.com"))
    assert AccountDecision.objects.get().followed == {
        "orders_ended": 5,
        "drafts_removed": 1,
        "links_ended": 1,
        "certificates_in_force": 1,
    }


def test_no_order_of_a_closed_account_is_reopened(desk, matti, riitta, pharmacy, cas):
    """Nobody could answer a question about it, and the checks return it to its sender at once."""
    case = orders.claimed(matti, riitta)
    services.close_account(pharmacy.pk, **given(riitta))
    assert status(case) == "lapsed"
    page = " ".join(desk.client.get(desk.url("reopen", case.pk)).text.split())
    assert str(AccountOver.message) in page
    assert desk.url("reopen", case.pk) not in desk.open("case", case.pk).text
    with pytest.raises(AccountOver):
        act(riitta, services.reopen, case, reasons="Oikaisuvaatimus hyväksyttiin.")
    assert status(case) == "lapsed"


@pytest.mark.parametrize("step", ["end_membership", "withdraw_right", "close_account"])
def test_an_order_sent_since_the_page_was_shown_is_shown_before_it_is_touched(
    desk, matti, pharmacy, cas, step
):
    about = pharmacy if step == "close_account" else matti.memberships.get()
    place = desk.url(step, about.pk)
    seen = {"reasons": REASONS} | desk.shown(place)
    late = orders.submitted(matti)
    again = desk.client.post(place, seen)
    assert again.status_code == 409
    assert late.number in again.text and REASONS in again.text
    assert not AccountDecision.objects.exists()
    seen |= {"shown": again.context["form"]["shown"].value()}
    assert desk.client.post(place, seen).status_code == 302
    assert AccountDecision.objects.exists()


def test_the_page_counts_before_and_the_account_shows_what_followed(desk, every, pharmacy):
    place = desk.url("close_account", pharmacy.pk)
    page = desk.client.get(place).text
    assert "Open orders (5)" in page
    assert "Certificates in force (1)" in page
    assert "1 draft" in page
    assert Application.objects.filter(pk=every["draft"].pk).exists()
    assert desk.client.post(place, {"reasons": REASONS} | desk.shown(place)).status_code == 302
    page = " ".join(desk.open("account", pharmacy.pk).text.split())
    assert "<dt>Orders ended</dt> <dd>5</dd>" in page
    assert "<dt>Drafts removed</dt> <dd>1</dd>" in page
    assert desk.url("case", every["delivered"].pk) in page


def test_an_issued_order_that_is_being_delivered_is_not_counted_as_one_that_ends(
    desk, matti, riitta, pharmacy, cas
):
    order = orders.delivered(matti, riitta)
    Application.objects.filter(pk=order.pk).update(status="issued")
    page = desk.open("close_account", pharmacy.pk).text
    assert "Open orders (0)" in page
    assert "Certificates in force (1)" in page
    services.close_account(pharmacy.pk, **given(riitta))
    assert status(order) == "issued"


def test_an_order_that_is_being_signed_goes_on_to_its_certificate(matti, riitta, pharmacy, cas):
    case = orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    # As the signer has stored it just before it signs.
    prepared = PreparedCertificate.objects.filter(reference=case.pk, state="prepared")
    assert prepared.update(state=PreparedCertificate.State.SIGNING) == 1
    services.close_account(pharmacy.pk, **given(riitta))
    assert status(case) == "approved"


def test_a_link_dies_with_the_membership_of_its_holder_however_that_ends(
    matti, maija, teemu, riitta, pharmacy, send, cas
):
    for end in (
        lambda one: services.end_membership(one.pk, **given(riitta)),
        lambda one: membership.remove(one.pk, by=matti, actor=actor_for(matti), now=clock.now()),
    ):
        person = people.make_member(f"Timo Tekninen{end.__code__.co_firstlineno}", pharmacy)
        order = send(matti, technical_email=person.email)
        link = order.contact_links.get()
        assert Client().get(at(link)).status_code == 200
        end(person.memberships.get(ended_at=None))
        order.refresh_from_db()
        assert not contact_links.is_valid(link, order, now=clock.now())
        assert not contact_links.valid_links(order, now=clock.now())
        # Sent anew, knowing that they have left, it works.
        again = orders.Handler(matti, order)
        services.resend_link(order.pk, **again.seen)
        assert contact_links.valid_links(order, now=clock.now())


def test_the_page_says_when_nobody_stays(desk, matti, maija, pharmacy):
    def page(person):
        one = person.memberships.get(ended_at=None)
        return desk.open("end_membership", one.pk).text

    assert "Nobody else may order" not in page(matti)
    maija.memberships.update(role=Membership.Role.TECHNICAL)
    assert "Nobody else may order" in page(matti)


def test_what_the_page_says_of_orders_when_nobody_stays_is_true(
    desk, matti, riitta, pharmacy, cas, pass_days
):
    waiting, case = orders.waiting_for_contact(matti), orders.claimed(matti, riitta)
    one = matti.memberships.get(ended_at=None)
    page = " ".join(desk.open("end_membership", one.pk).text.split())
    assert "Orders that lack a certificate request or an answer lapse" in page
    assert "The others stay in review, where they cannot be approved." in page
    services.end_membership(one.pk, **given(riitta))
    orders.give_evidence(riitta, case)
    with pytest.raises(Refused):
        orders.approve(riitta, case)
    pass_days(300)
    services.watch_incomplete(now=clock.now())
    assert (status(waiting), status(case)) == ("lapsed", "in_review")


def test_what_followed_from_the_end_of_a_membership_and_of_a_right_is_counted(
    matti, maija, riitta, pharmacy, cas
):
    case = orders.claimed(maija, riitta)
    orders.approve(riitta, case)
    services.end_membership(maija.memberships.get(ended_at=None).pk, **given(riitta))
    assert AccountDecision.objects.get().followed == {"orders_returned": 1}
    invite = {"role": "applicant", "language": "fi", "by": matti, "actor": actor_for(matti)}
    inviting.invite(pharmacy, "uuno@example.fi", **invite, now=clock.now())
    services.withdraw_right(matti.memberships.get(ended_at=None).pk, **given(riitta))
    newest = AccountDecision.objects.order_by("-at").first()
    assert newest.followed == {"invitations_cancelled": 1}


def test_the_page_of_a_merger_counts_what_moves_and_what_ends(desk, every, matti, kalle, pharmacy):
    invite = {"role": "applicant", "language": "fi", "by": matti, "actor": actor_for(matti)}
    inviting.invite(pharmacy, "uuno@example.fi", **invite, now=clock.now())
    given = {"former": PHARMACY, "successor": CLINICS}
    opened = desk.open("succession", **given)
    page = " ".join(opened.text.split())
    for words, count in (
        ("Open orders", 5),
        ("Approved, and returned to review", 1),
        ("Links of technical contacts that stay", 1),
        ("Certificates in force", 1),
        ("Invitations that are cancelled", 1),
        ("Requests to be invited that move", 0),
    ):
        assert f"<dt>{words}</dt> <dd>{count}</dd>" in page, words
    shown = {"shown": opened.context["form"]["shown"].value()}
    desk.client.post(desk.url("succession"), given | {"reason": "Fuusio."} | shown)
    assert status(every["approved"]) == "in_review"
    link = every["awaiting_csr"].contact_links.get()
    every["awaiting_csr"].refresh_from_db()
    assert contact_links.is_valid(link, every["awaiting_csr"], now=clock.now())
