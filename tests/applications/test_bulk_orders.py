"""Orders for many units or hosts: begun by one act, sent by one, all or none."""

import json
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.access import actor_for
from accounts.models import Membership
from applications import services
from applications.errors import Changed, Gone, Incomplete, UnfitCsr
from applications.models import Application, BulkOrder, ContactLink, Submission
from applications.rules.unit_ownership import OtherOwner
from applications.services.applicant import contact_links
from applications.services.applicant.bulk_orders import (
    MOST_ORDERS,
    OrderRefused,
    TooManyOrders,
    drafts_of,
    fingerprint,
)
from applications.services.applicant.identified import IdentifyAgain
from applications.services.applicant.repeated_starts import MOST_AN_HOUR
from applications.workflow import Status
from certportal.dev.builders import bulk, orders, people, requests
from certportal.dev.builders.mails import about_order
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Event, OutboxItem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _register(sample):
    return sample


def hosts(count):
    return [f"palvelin{number}.example.fi" for number in range(count)]


def statuses(together):
    return {one.status for one in together.orders.all()}


def test_five_hundred_orders_are_begun_with_as_many_statements_as_two(matti):
    with CaptureQueriesContext(
        connection,
    ) as of_two:
        bulk.begun(matti, "a.example.fi", "b.example.fi")
    with CaptureQueriesContext(connection) as of_many:
        together = bulk.begun(matti, *hosts(MOST_ORDERS))
    assert len(of_many) <= len(of_two)
    begun = list(together.orders.order_by("number"))
    assert [one.names for one in begun] == [[name] for name in hosts(MOST_ORDERS)]
    assert len({one.number for one in begun}) == MOST_ORDERS
    assert Event.objects.filter(action="application.start").count() == MOST_ORDERS + 2
    with pytest.raises(TooManyOrders):
        bulk.begun(matti, *hosts(MOST_ORDERS + 1))


def test_each_order_is_frozen_as_a_submission_of_its_own_with_the_signature(matti):
    together = bulk.begun(matti, *hosts(3))
    sent = bulk.sent(matti, together)
    assert [one.status for one in sent] == [Status.AWAITING_CSR] * 3
    frozen = [json.loads(one.submission.content) for one in sent]
    assert [one["host_names"] for one in frozen] == [[name] for name in hosts(3)]
    assert {one["person"] for one in frozen} == {str(matti.pk)}
    assert len({one.submission.sha256 for one in sent}) == 3
    together.refresh_from_db()
    assert together.sent_at is not None


def test_sending_five_hundred_takes_so_many_statements_for_each_and_no_more(matti):
    small, large = bulk.begun(matti, *hosts(10)), bulk.begun(matti, *hosts(MOST_ORDERS))
    with CaptureQueriesContext(connection) as of_ten:
        bulk.sent(matti, small)
    with CaptureQueriesContext(connection) as of_many:
        bulk.sent(matti, large)
    each = (len(of_many) - len(of_ten)) / (MOST_ORDERS - 10)
    assert each <= 25
    assert statuses(large) == {Status.AWAITING_CSR}
    assert Submission.objects.count() == MOST_ORDERS + 10


def test_a_repeated_request_is_the_same_bulk_order(matti):
    one = bulk.begun(matti, *hosts(3))
    assert bulk.begun(matti, *hosts(3)) == one
    assert bulk.begun(matti, *hosts(4)) != one
    bulk.sent(matti, one)
    assert bulk.begun(matti, *hosts(3)) != one


def test_what_was_changed_since_is_not_given_for_what_is_asked_anew(matti):
    def removed(order):
        services.discard(order.pk, **orders.Handler(matti, order).seen)

    def changed(order):
        given = {"host_names": ["toinen.example.fi"]}
        services.save_section(order.pk, "host_names", given, **orders.Handler(matti, order).seen)

    def requested(order):
        services.upload_csr(
            *(order.pk, requests.request(requests.new_key(), *order.names)),
            **{"actor": actor_for(matti), "now": clock.now()},
        )

    def sent_singly(order):
        orders.submit(matti, order)

    for act in (removed, changed, requested, sent_singly):
        before = bulk.begun(matti, *hosts(2))
        act(before.orders.order_by("number").last())
        again = bulk.begun(matti, *hosts(2))
        assert again != before, act
        assert [one.names for one in again.orders.order_by("number")] == [[n] for n in hosts(2)]
        services.discard_together(
            again.pk,
            **{"person": matti, "seen": fingerprint(list(drafts_of(again, matti)))},
            **{"actor": actor_for(matti), "now": clock.now()},
        )


@pytest.mark.usefixtures("still")
def test_many_orders_count_as_one(matti):
    for number in range(MOST_AN_HOUR):
        bulk.begun(matti, f"a{number}.example.fi", "b.example.fi")
    with pytest.raises(TooMany):
        bulk.begun(matti, "c.example.fi")
    assert Application.objects.count() == 2 * MOST_AN_HOUR


def test_another_organisation_s_unit_keeps_all_from_being_begun(matti):
    with pytest.raises(OtherOwner):
        bulk.begun(matti, *hosts(3), unit="1.2.246.10.99000093.10.0")
    assert not BulkOrder.objects.exists()


def test_one_that_cannot_be_sent_keeps_all(matti):
    together = bulk.begun(matti, *hosts(3))
    lame = together.orders.order_by("number")[1]
    services.save_section(
        *(lame.pk, "delivery", {"mailbox": "", "deliver_to": "applicant"}),
        **orders.Handler(matti, lame).seen,
    )
    with pytest.raises(OrderRefused) as refusal:
        bulk.sent(matti, together)
    assert lame.number in str(refusal.value)
    assert isinstance(refusal.value.reason, Incomplete)
    assert statuses(together) == {Status.DRAFT}
    assert not Submission.objects.exists()


def test_one_key_in_two_orders_is_refused_and_the_refusal_recorded(matti):
    together = bulk.begun(matti, "a.example.fi", "b.example.fi")
    key = requests.new_key()
    for one in together.orders.all():
        orders.upload(matti, one, requests.request(key, *one.names))
    with pytest.raises(OrderRefused) as refusal:
        bulk.sent(matti, together)
    assert isinstance(refusal.value.reason, UnfitCsr)
    assert statuses(together) == {Status.DRAFT}
    assert Event.objects.filter(action="application.csr_refused").count() == 1


def test_a_double_click_and_a_second_tab_send_once(matti):
    together = bulk.begun(matti, *hosts(2))
    seen = fingerprint(list(drafts_of(together, matti)))
    bulk.sent(matti, together)
    with pytest.raises(Changed):
        bulk.sent(matti, together, seen=seen)
    assert Submission.objects.count() == 2


def test_what_was_not_looked_at_is_not_sent(matti):
    together = bulk.begun(matti, *hosts(2))
    seen = fingerprint(list(drafts_of(together, matti)))
    changed = together.orders.first()
    services.save_section(
        *(changed.pk, "host_names", {"host_names": ["toinen.example.fi"]}),
        **orders.Handler(matti, changed).seen,
    )
    with pytest.raises(Changed):
        bulk.sent(matti, together, seen=seen)
    assert statuses(together) == {Status.DRAFT}


def test_an_old_identification_does_not_send(matti):
    together = bulk.begun(matti, *hosts(2))
    with pytest.raises(IdentifyAgain):
        bulk.sent(matti, together, identified_at=together.created_at.replace(year=2020))


def test_who_sees_one_of_the_orders_sends_and_deletes_no_other(matti, pharmacy, now):
    """Seppo sent one of them, left, and came back on his own word."""
    seppo, together = people.make_member("Seppo", pharmacy, now=now), bulk.begun(matti, *hosts(3))
    first, second, _third = together.orders.order_by("number")
    orders.submit(seppo, first)
    seppo.memberships.update(role="administrator", basis=Membership.Basis.UNVERIFIED)
    assert list(drafts_of(together, seppo)) == []
    for seen in (list(drafts_of(together, seppo)), list(drafts_of(together, matti))):
        given = {"seen": fingerprint(seen), "actor": actor_for(seppo), "now": clock.now()}
        with pytest.raises(Changed):
            services.submit_together(together.pk, **orders.signature(seppo), **given)
        with pytest.raises(Changed):
            services.discard_together(together.pk, person=seppo, **given)
    second.refresh_from_db()
    assert (second.status, together.orders.count()) == (Status.DRAFT, 3)
    assert len(bulk.sent(matti, together)) == 2


def test_with_its_last_draft_the_bulk_order_goes(matti):
    together = bulk.begun(matti, *hosts(2))
    for one in together.orders.all():
        assert BulkOrder.objects.exists()
        services.discard(one.pk, **orders.Handler(matti, one).seen)
    assert not BulkOrder.objects.exists()
    with pytest.raises(Gone):
        services.submit_together(
            together.pk,
            **orders.signature(matti),
            **{"seen": "", "actor": actor_for(matti), "now": clock.now()},
        )


def test_each_technical_contact_gets_one_mail_with_all_their_links(matti, mailoutbox):
    """Tiina has a link to each order; Veera is the deputy of one of them."""
    contact = orders.CONTACT | {"csr_by": "technical_contact"}
    together = bulk.begun(matti, *hosts(3), **contact)
    first, second, third = together.orders.order_by("number")
    deputy = {"deputy_name": "Veera", "deputy_email": "veera@example.com"}
    services.save_section(
        second.pk, "technical", contact | deputy, **orders.Handler(matti, second).seen
    )
    bulk.sent(matti, together)
    kept = OutboxItem.objects.filter(topic="application.notice")
    assert sorted((one.payload["notice"], one.payload["recipient"]) for one in kept) == [
        *[("bulk_receipt", "applicant"), ("links_sent", "deputy")],
        ("links_sent", "technical_contact"),
    ]
    services.revoke_link(third.pk, **orders.Handler(matti, third).seen)
    orders.drain()
    told = {one.to[0]: one.body for one in mailoutbox if one.to[0].endswith("@example.com")}
    assert sorted(told) == ["tiina@example.com", "veera@example.com"]
    assert len(mailoutbox) == 3
    assert third.number not in told["tiina@example.com"], "its link has ended"
    for one in (first, second):
        assert one.number in told["tiina@example.com"]
    assert second.number in told["veera@example.com"]
    assert first.number not in told["veera@example.com"]
    links = ContactLink.objects.filter(application__bulk_order=together, revoked_at=None)
    assert all(one.token in "".join(told.values()) for one in links)


@pytest.mark.parametrize("csr_by", ["applicant", "technical_contact"])
def test_the_receipt_of_many_orders_says_whether_to_give_requests(matti, mailoutbox, csr_by):
    together = bulk.begun(matti, *hosts(2), **(orders.CONTACT | {"csr_by": csr_by}))
    bulk.sent(matti, together)
    orders.drain()
    (told,) = (one.body for one in mailoutbox if one.to == ["matti@example.fi"])
    assert ("Anna varmennepyynnöt joukkotilauksen sivulla" in told) is (csr_by == "applicant")
    assert reverse("applications:bulk_order", args=[together.pk]) in told


def test_over_the_limit_of_uploads_no_request_is_given(matti, monkeypatch):
    together = bulk.begun(matti, *hosts(2))
    monkeypatch.setattr("applications.services.applicant.csr.MOST_UPLOADS_AN_HOUR", 0)
    file = SimpleUploadedFile("a.csr", orders.openssl_csr())
    there = reverse("applications:bulk_order", args=[together.pk])
    page = people.log_in(Client(), matti).post(there, {"requests": file})
    assert (page.status_code, 0 < int(page["Retry-After"]) <= 3600) == (429, True)
    assert page.text.count("Olet yrittänyt liian monta kertaa") == 1
    assert not together.orders.exclude(csr=None).exists()


@pytest.mark.usefixtures("still")
def test_a_bulk_order_s_links_count_by_address(matti, monkeypatch):
    """A county's technician gets one mail for all; a stranger or many get no flood."""
    contact = orders.CONTACT | {"csr_by": "technical_contact"}
    many = bulk.begun(matti, *hosts(4), **contact)
    monkeypatch.setattr(contact_links, "MOST_MAILS_BY_ONE", 3)
    for number, draft in enumerate(many.orders.order_by("number")):
        other = contact | {"technical_email": f"t{number}@example.com"}
        seen = orders.Handler(matti, draft).seen
        services.save_section(draft.pk, "technical", other, **seen)
    with pytest.raises(contact_links.TooManyContacts):
        bulk.sent(matti, many)
    for _time in range(2):
        bulk.sent(matti, bulk.begun(matti, *hosts(5), **contact))
    seen = orders.Handler(matti, draft).seen
    same = contact | {"technical_email": "T0@example.com"}
    services.save_section(draft.pk, "technical", same, **seen)
    seen = orders.Handler(matti, draft).seen
    services.save_section(draft.pk, "purpose", {"purpose": ""}, **seen)
    # Refused before the orders are looked at, of which one lacks its purpose.
    with pytest.raises(TooMany):
        bulk.sent(matti, many)
    signed = dict.fromkeys(["authority", "domains", "system", "truth", "binding"], "on")
    check = reverse("applications:check_together", args=[many.pk])
    version, client = fingerprint(list(drafts_of(many, matti))), people.log_in(Client(), matti)
    page = client.post(check, signed | {"version": version})
    assert (page.status_code, 0 < int(page["Retry-After"]) <= 3600) == (429, True)
    assert "on 3 osoitetta" in page.text
    assert "enää 1 osoitteeseen" in page.text
    assert "Mitään ei lähetetty, eikä mitään kadonnut." in page.text
    page = client.get(check)  # which tells it beforehand
    assert "enää 1 osoitteeseen" in page.text
    assert "Mitään ei lähetetty" not in page.text
    assert 'name="version"' not in page.text  # no form to send them by
    assert statuses(many) == {Status.DRAFT}
    assert OutboxItem.objects.filter(payload__notice="links_sent").count() == 2
    first, second = many.orders.order_by("number")[:2]
    orders.submit(matti, first)  # its contact gets the last mail of the hour
    for sending in (partial(orders.submit, matti, second), partial(bulk.sent, matti, many)):
        with pytest.raises(TooMany) as refusal:
            sending()
        assert "niin monta linkkiä" in str(refusal.value)
    for order, place in ((second, "check"), (many, "check_together")):
        page = client.get(reverse(f"applications:{place}", args=[order.pk]))
        assert "niin monta linkkiä" in page.text, place
    assert statuses(many) == {Status.DRAFT, Status.AWAITING_CSR}


def test_the_mail_with_the_links_gives_the_last_day_while_a_request_is_missing(matti):
    """Whichever of the orders got its request before they were sent."""
    contact = orders.CONTACT | {"csr_by": "technical_contact"}
    for given, told in (((0,), True), ((1,), True), ((0, 1), False)):
        together = bulk.begun(matti, *hosts(2), **contact)
        drafts = list(together.orders.order_by("number"))
        for number in given:
            orders.upload(matti, drafts[number], orders.openssl_csr(drafts[number].names[0]))
        bulk.sent(matti, together)
        letter = about_order("links_sent", drafts[0], "technical_contact")
        said = "certifikatbegäranden (CSR) som ännu saknas" in " ".join(letter.text.split())
        assert said == told, given


def test_the_receipt_counts_the_orders_that_name_its_reader(matti, mailoutbox):
    together = bulk.begun(matti, *hosts(3))
    other = together.orders.order_by("number").last()
    given = {"contact_name": "Maija", "contact_email": "maija@example.fi"}
    services.save_section(other.pk, "contact", given, **orders.Handler(matti, other).seen)
    bulk.sent(matti, together)
    orders.drain()
    told = {one.to[0]: one for one in mailoutbox}
    first, second, _third = (order.number for order in together.orders.order_by("number"))
    for number in (first, second):
        assert number in told["matti@example.fi"].body
        assert number not in told["matti@example.fi"].subject
        assert number not in told["maija@example.fi"].body
    assert other.number in told["maija@example.fi"].body
    assert "2" in told["matti@example.fi"].subject
    assert "1" in told["maija@example.fi"].subject


def test_the_orders_go_on_as_any_others(matti, riitta, cas):
    together = bulk.begun(matti, "a.example.fi", "b.example.fi")
    for one in together.orders.all():
        orders.upload(matti, one, requests.request(requests.new_key(), *one.names))
    sent = bulk.sent(matti, together)
    orders.drain()
    for one in sent:
        one.refresh_from_db()
    assert {one.status for one in sent} == {Status.IN_REVIEW}
    orders.finish(matti, riitta, sent[0])
    assert sorted(one.status for one in together.orders.all()) == ["delivered", "in_review"]


def test_a_case_leads_to_those_ordered_with_it(matti, riitta):
    together = bulk.begun(matti, *hosts(3))
    sent = bulk.sent(matti, together)
    with translation.override("en"):
        case, other = (reverse("console:case", args=[sent[place].pk]) for place in (0, 2))
        page = people.log_in(Client(), riitta).get(case)
        assert "Ordered together with 2 other orders" in page.text
        assert other in page.text
        order = reverse("applications:order", args=[sent[0].pk])
        own = people.log_in(Client(), matti).get(order)
        assert reverse("applications:bulk_order", args=[together.pk]) in own.text
