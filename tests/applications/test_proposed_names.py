"""Host names left to the technical contact: proposed, confirmed or sent back, then handled."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from applications import services
from applications.errors import Changed, Incomplete, MayNotAct, NotPossible
from applications.models import Application
from applications.rules import lapse, possible_actions
from applications.rules.proposed_names import are_awaited, is_confirmation, sent_back
from applications.services.applicant import contact_links, csr, proposed_names as service
from applications.services.applicant.identified import IdentifyAgain, NotDeclared
from applications.workflow import Action, Role, Status
from certportal.dev.builders import bulk, orders, people, proposed_names
from certportal.dev.builders.acts import do
from certportal.dev.builders.mails import about_order
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Event, OutboxItem

HOSTS = ["erecept.example.fi", "varmuus.example.fi"]
FIRST_DECLARED = ["authority", "truth", "binding"]


def told(order, recipient="applicant"):
    """Return the names of the mails about the order that wait for the recipient."""
    about = {"payload__application": str(order.pk), "payload__recipient": recipient}
    items = OutboxItem.objects.filter(topic="application.notice", **about).order_by("created_at")
    return [one.payload["notice"] for one in items]


def reopened(reviewer, order):
    """Let the order lapse today, and a reviewer take it up again."""
    services.lapse(order.pk, now=clock.now())
    do(reviewer, services.reopen, order, reasons="Oikaisuvaatimus")
    order.refresh_from_db()
    return order


def test_from_the_order_without_names_to_the_certificate_with_those_confirmed(matti, riitta, cas):
    order = proposed_names.left(matti)
    assert order.status == Status.AWAITING_CSR
    assert json.loads(order.submission.content)["host_names"] == []
    assert json.loads(order.submission.content)["names_by"] == "technical_contact"
    asked = about_order("link_sent", order, "technical_contact")
    assert asked.subject.endswith(f"Servercertifikat ({order.number})")  # nothing else names it
    order = proposed_names.propose(order, *HOSTS)
    assert order.status == Status.NAMES_PROPOSED
    assert order.due_on is None
    assert told(order)[-1] == "names_proposed"
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.NAMES_PROPOSED  # no check runs, no reviewer sees a case to take
    first = order.submission
    proposed_names.confirm(matti, order)
    assert order.status == Status.CHECKING
    assert order.due_on
    assert order.submission.number == 2
    assert json.loads(order.submission.content)["host_names"] == HOSTS
    first.refresh_from_db()
    assert json.loads(first.content)["host_names"] == []
    assert is_confirmation(order)
    orders.finish(matti, riitta, order)
    order.refresh_from_db()
    assert order.status == Status.DELIVERED


def test_only_who_may_order_and_has_just_identified_confirms_and_declares(matti, teemu):
    order = proposed_names.proposed(matti)
    long_ago = clock.now() - timedelta(hours=2)
    with pytest.raises(MayNotAct):
        proposed_names.confirm(teemu, order)
    with pytest.raises(IdentifyAgain):
        proposed_names.confirm(matti, order, identified_at=long_ago)
    with pytest.raises(NotDeclared):  # that the domains are theirs: now there are names
        proposed_names.confirm(matti, order, declarations=FIRST_DECLARED)
    order.refresh_from_db()
    assert order.status == Status.NAMES_PROPOSED


def test_the_first_sending_declares_nothing_of_names_that_nobody_knows(matti):
    order = orders.draft(matti)
    orders.name_contact(matti, order, orders.CONTACT)
    do(matti, services.save_section, order, "host_names", proposed_names.LEFT)
    orders.submit(matti, order, declarations=FIRST_DECLARED)
    assert json.loads(order.submission.content)["declarations"] == FIRST_DECLARED


def test_names_are_left_only_to_a_named_contact_who_brings_the_request(matti):
    order = orders.draft(matti)
    do(matti, services.save_section, order, "host_names", proposed_names.LEFT)
    with pytest.raises(Incomplete) as refusal:
        orders.submit(matti, order)
    assert set(refusal.value.sections) == {"technical", "csr"}
    orders.name_contact(matti, order, orders.CONTACT)
    do(matti, services.save_section, order, "csr", {"csr_by": "applicant"})
    with pytest.raises(Incomplete) as refusal:
        orders.submit(matti, order)
    assert refusal.value.sections == ["host_names"]
    do(matti, services.save_section, order, "host_names", proposed_names.LEFT)
    orders.upload(matti, order, orders.openssl_csr())
    with pytest.raises(Incomplete):
        orders.submit(matti, order)
    order.refresh_from_db()
    assert order.names_by == ""  # who brings the request alone gives the names too


def test_sent_back_with_words_the_contact_proposes_again(matti):
    order = proposed_names.proposed(matti, *HOSTS)
    orders.drain()
    proposed_names.send_back(matti, order, "Vain erecept.example.fi.")
    assert order.status == Status.AWAITING_CSR
    assert order.csr is None
    assert sent_back(order).text == "Vain erecept.example.fi."
    mail = about_order("link_sent", order, "technical_contact")
    assert "Vain erecept.example.fi." in mail.text
    said = " ".join(mail.text.split())
    assert "Föreslå servernamnen på nytt senast" in said and "samma begäran" in said
    assert "Gör och skicka certifikatbegäran" not in said
    assert "/contact-link/" in mail.text
    order = proposed_names.propose(order, "erecept.example.fi")
    assert order.status == Status.NAMES_PROPOSED
    assert sent_back(order) is None
    proposed_names.confirm(matti, order)
    assert json.loads(order.submission.content)["host_names"] == ["erecept.example.fi"]


def test_the_contact_may_propose_others_until_they_are_confirmed(matti):
    order = proposed_names.proposed(matti, *HOSTS)
    seen = orders.Handler(matti, order).seen
    order = proposed_names.propose(order, "erecept.example.fi")
    assert order.names == ["erecept.example.fi"]
    with pytest.raises(Changed):  # what was confirmed is what was seen
        services.confirm_names(order.pk, **orders.signature(matti), **seen)
    proposed_names.confirm(matti, order)
    with pytest.raises(NotPossible):
        proposed_names.propose(order, *HOSTS)


def test_the_applicant_may_correct_a_name_and_confirm(matti):
    order = proposed_names.proposed(matti, *HOSTS)
    do(matti, services.save_section, order, "host_names", {"host_names": HOSTS[:1]})
    proposed_names.confirm(matti, order)
    assert json.loads(order.submission.content)["host_names"] == HOSTS[:1]


def test_no_other_part_is_open_while_names_wait(matti):
    order = proposed_names.proposed(matti)
    with pytest.raises(NotPossible):
        do(matti, services.save_section, order, "validity", {"validity_months": 6, "start": None})
    do(matti, services.save_section, order, "host_names", {"host_names": []})
    with pytest.raises(Incomplete):
        proposed_names.confirm(matti, order)


def test_a_request_without_names_is_not_attached_and_names_are_not_proposed_unasked(matti):
    order = proposed_names.left(matti)
    with pytest.raises(NotPossible):
        orders.attach(matti, order, orders.openssl_csr())
    other = orders.waiting_for_contact(matti)
    with pytest.raises(NotPossible):
        proposed_names.propose(other)


def test_a_request_returned_after_the_names_were_confirmed_asks_for_no_names_again(matti):
    order = proposed_names.proposed(matti)
    proposed_names.confirm(matti, order)
    Application.objects.filter(pk=order.pk).update(status=Status.AWAITING_CSR, csr=None)
    order.refresh_from_db()
    assert not are_awaited(order)
    assert possible_actions.may(Action.ATTACH_CSR, order, Role.TECHNICAL_CONTACT, now=clock.now())


def test_it_lapses_like_an_order_that_waits_for_the_request_and_is_taken_up_again(
    matti, riitta, cas
):
    order = proposed_names.proposed(matti)
    assert [one.id for one in lapse.missing(order)] == ["host_names"]
    assert lapse.lapses_on(order)
    now = clock.now()
    services.watch_incomplete(now=now + timedelta(days=100))
    assert "lapse_warning" in told(order)
    services.watch_incomplete(now=now + timedelta(days=200))
    order.refresh_from_db()
    assert order.status == Status.LAPSED
    assert "lapsed" in told(order, "technical_contact")
    Application.objects.filter(pk=order.pk).update(status=Status.NAMES_PROPOSED, ended_at=None)
    order = reopened(riitta, order)
    assert order.status == Status.NAMES_PROPOSED
    assert order.reviewer is None
    proposed_names.confirm(matti, order)
    assert order.status == Status.CHECKING


def test_without_a_request_a_lapsed_one_waits_for_request_and_names_again(matti, riitta, cas):
    order = reopened(riitta, proposed_names.left(matti))
    assert order.status == Status.AWAITING_CSR
    assert [one.id for one in lapse.missing(order)] == ["host_names", "csr"]


def test_withdrawing_tells_the_contact_and_ends_the_link(matti):
    order = proposed_names.proposed(matti)
    do(matti, services.withdraw, order)
    order.refresh_from_db()
    assert order.status == Status.WITHDRAWN
    assert "withdrawn" in told(order, "technical_contact")
    assert not order.contact_links.filter(revoked_at=None).exists()


def test_another_contact_finds_the_names_proposed_and_may_propose_others(matti):
    order = proposed_names.proposed(matti)
    values = orders.CONTACT | {"technical_name": "Veera", "technical_email": "veera@example.com"}
    do(matti, services.rename_contact, order, values)
    order.refresh_from_db()
    assert order.status == Status.NAMES_PROPOSED
    order = proposed_names.propose(order, "varmuus.example.fi")
    assert order.names == ["varmuus.example.fi"]


def test_closing_the_account_ends_it(matti, riitta):
    order = proposed_names.proposed(matti)
    do(riitta, services.close_account, order.organisation_id, reasons="Päättynyt.")
    order.refresh_from_db()
    assert order.status == Status.LAPSED


def test_the_next_order_takes_over_the_names_that_were_confirmed(matti):
    order = proposed_names.proposed(matti, *HOSTS)
    proposed_names.confirm(matti, order)
    again = orders.begin(matti, template=order)
    assert again.names == HOSTS
    assert again.names_by == ""


def test_an_order_of_a_bulk_order_may_leave_its_names_too(matti):
    together = bulk.begun(matti, "a.example.fi", "b.example.fi", **orders.CONTACT)
    first = together.orders.order_by("number").first()
    do(matti, services.save_section, first, "host_names", proposed_names.LEFT)
    sent = bulk.sent(matti, together)
    assert {one.status for one in sent} == {Status.AWAITING_CSR}
    first.refresh_from_db()
    assert are_awaited(first)
    said = "propose the"
    Application.objects.update(technical_language="en")
    letter = about_order("links_sent", first, "technical_contact")
    assert said in " ".join(letter.text.split())
    other = bulk.sent(matti, bulk.begun(matti, "c.example.fi", "d.example.fi", **orders.CONTACT))
    Application.objects.update(technical_language="en")
    letter = about_order("links_sent", other[0], "technical_contact")
    assert said not in " ".join(letter.text.split())


def test_another_type_forgets_who_was_to_propose_names(matti):
    order = orders.draft(matti)
    orders.name_contact(matti, order, orders.CONTACT)
    do(matti, services.save_section, order, "host_names", proposed_names.LEFT)
    do(matti, services.save_section, order, "type", {"type": "system_signature"})
    order.refresh_from_db()
    assert order.names_by == ""


@pytest.mark.parametrize(
    ("name", "recipient", "marked"),
    [
        ("names_proposed", "applicant", "ehdotettu"),
        ("not_mine_told", "applicant", "ehdotettu"),
        ("link_sent", "technical_contact", "föreslaget"),
    ],
)
def test_a_subject_names_a_host_as_proposed_until_it_is_confirmed(matti, name, recipient, marked):
    order = proposed_names.proposed(matti, HOSTS[0])
    subject = about_order(name, order, recipient).subject
    assert subject.endswith(f": {HOSTS[0]} ({marked}, {order.number})")
    proposed_names.confirm(matti, order)
    assert about_order(name, order, recipient).subject.endswith(f": {HOSTS[0]} ({order.number})")


def test_an_order_that_ended_before_its_names_were_confirmed_is_told_of_as_such(matti):
    order = proposed_names.proposed(matti, HOSTS[0])
    do(matti, services.withdraw, order)
    subject = about_order("withdrawn", order, "applicant").subject
    assert subject.endswith(f": {HOSTS[0]} (ehdotettu, {order.number})")


def test_links_sent_again_for_many_orders_mark_what_is_proposed(matti):
    together = bulk.begun(matti, "a.example.fi", "b.example.fi", **orders.CONTACT)
    first = together.orders.order_by("number").first()
    do(matti, services.save_section, first, "host_names", proposed_names.LEFT)
    bulk.sent(matti, together)
    proposed_names.propose(first, HOSTS[0])
    letter = about_order("links_sent", first, "technical_contact").text
    second = together.orders.get(host_names__name="b.example.fi")
    assert f"{HOSTS[0]} (föreslaget, {first.number})\n" in letter
    assert f"b.example.fi ({second.number})\n" in letter


def test_each_step_is_an_event_that_names_who_acted(matti):
    order = proposed_names.proposed(matti)
    proposed_names.send_back(matti, order)
    order = proposed_names.propose(order)
    proposed_names.confirm(matti, order)
    about = {"object_type": "application", "object_id": str(order.pk)}
    acts = ["propose_names", "return_names", "confirm_names"]
    found = Event.objects.filter(**about, action__in=[f"application.{one}" for one in acts])
    actors = [one.actor.partition(":")[0] for one in found.order_by("pk")]
    assert actors == ["technical_contact", "person", "technical_contact", "person"]


@pytest.mark.usefixtures("still")
def test_proposing_is_counted_as_each_time_is_mailed(matti, monkeypatch):
    monkeypatch.setattr(csr, "MOST_UPLOADS_AN_HOUR", 3)
    order = proposed_names.proposed(matti)  # an upload and a proposal
    with pytest.raises(TooMany):
        proposed_names.propose(order, "varmuus.example.fi")
    order.refresh_from_db()
    assert order.names == ["erecept.example.fi"]


@pytest.mark.usefixtures("still")
def test_one_order_gets_so_many_proposals_a_day_and_refused_tries_count(matti, monkeypatch):
    monkeypatch.setattr(service, "MOST_PROPOSALS_A_DAY", 2)
    order = proposed_names.proposed(matti)
    link = order.contact_links.get()
    by = proposed_names.by(link)
    with pytest.raises(Changed):
        services.propose_names(
            order.pk, order.csr_id, names=HOSTS, role=Role.TECHNICAL_CONTACT, version=1, **by
        )
    with pytest.raises(TooMany):
        proposed_names.propose(order, "varmuus.example.fi")


def test_taken_up_again_while_names_wait_it_says_by_when_to_confirm(matti, riitta, cas):
    order = reopened(riitta, proposed_names.proposed(matti))
    letter = about_order("reopened", order, "applicant").text
    last = lapse.lapses_on(order) - timedelta(days=1)
    with translation.override(order.language):
        assert date_format(last, "DATE_FORMAT") in letter


def test_who_orders_may_bring_request_and_names_and_is_not_mailed_about_it(matti):
    order = proposed_names.left(matti)
    stored = services.upload_csr(
        order.pk, orders.openssl_csr(), actor=people.actor_for(matti), now=clock.now()
    )
    seen = orders.Handler(matti, order).seen
    moved = services.propose_names(order.pk, stored.pk, names=HOSTS, role=Role.APPLICANT, **seen)
    assert moved.status == Status.NAMES_PROPOSED
    assert "names_proposed" not in told(order)


def test_reviewers_see_it_with_the_applicant_and_can_do_nothing(matti, riitta):
    order = proposed_names.left(matti)
    proposed_names.propose(order, "erecept.example.fi")
    proposed_names.send_back(order.created_by, order, "Toinen nimi.")
    proposed_names.propose(order, "uusi.example.fi")
    web = people.log_in(Client(), riitta)
    page = web.get(reverse("console:case", args=[order.pk]))
    assert page.status_code == 200
    assert "Toinen nimi." in page.text
    assert reverse("console:claim", args=[order.pk]) not in page.text
    order.refresh_from_db()
    place = reverse("console:claim", args=[order.pk])
    assert web.post(place, {"version": order.version}).status_code == 409


@pytest.mark.usefixtures("still")
def test_names_sent_back_again_and_again_flood_no_mailbox(matti, monkeypatch):
    monkeypatch.setattr(contact_links, "MOST_MAILS_TO_ONE", 2)
    order = proposed_names.proposed(matti)
    proposed_names.send_back(matti, order, "Toinen nimi.")
    order = proposed_names.propose(order, *HOSTS)
    with pytest.raises(TooMany):
        proposed_names.send_back(matti, order, "Vielä toinen.")
    order.refresh_from_db()
    assert order.status == Status.NAMES_PROPOSED
    assert told(order, "technical_contact").count("link_sent") == 2
