"""What a record in the DNS does for the orders of a host below it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from applications import services
from applications.checks import still_true
from applications.models import Domain, HostName
from applications.rules import domains
from applications.rules.domain_record import Outcome
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.orders import Handler
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import Event, OutboxItem
from tests.applications.domains.published import (
    HOST,
    PAGE,
    clinics,
    evidence_of,
    look,
    raise_,
    record,
    whole,
)


def test_a_certificate_is_given_on_the_record_alone(matti, pharmacy, riitta, cas, in_use):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.claimed(matti, riitta)
    assert evidence_of(order) == (HostName.Evidence.DNS, None)
    orders.press_approve(riitta, order)
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.DELIVERED
    looks = Event.objects.filter(action="domain.looked_up", data__outcome="proven")
    assert looks.count() == 2, "once when ordered, and once before signing, for both names"


def test_without_a_record_the_reviewer_looks_for_evidence(matti, riitta, cas, in_use):
    order = orders.claimed(matti, riitta)
    assert evidence_of(order) == ("", None)
    assert set(Domain.objects.values_list("outcome", flat=True)) == {Outcome.ABSENT}
    assert orders.approve(riitta, order).status == Status.APPROVED


def test_a_record_taken_away_before_signing_stops_the_certificate(
    matti, pharmacy, riitta, cas, in_use
):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.claimed(matti, riitta)
    orders.press_approve(riitta, order)
    in_use.publish("example.fi")
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.IN_REVIEW
    assert evidence_of(order) == ("", None)
    assert Event.objects.filter(action="application.drop_evidence").count() == 1
    assert order.findings[0]["rule"] == "order.domain_not_proven"
    page = people.log_in(Client(), riitta).get(reverse("console:case", args=[order.pk]))
    assert "ei löydy enää" in page.text


def test_a_record_found_by_a_clock_that_was_ahead_is_looked_up_again_before_signing(
    matti, pharmacy, riitta, cas, in_use
):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.claimed(matti, riitta)
    Domain.objects.update(proven_at=clock.now() + timedelta(hours=1))
    orders.press_approve(riitta, order)
    in_use.publish("example.fi")
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.IN_REVIEW


def test_nor_is_it_evidence_for_an_order_until_it_is_found_again(matti, pharmacy, in_use):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.in_review(matti)
    names, now = order.names, clock.now()
    assert domains.proven(pharmacy.pk, names, now=now) == set(names)
    Domain.objects.update(proven_at=now + timedelta(hours=1))
    assert domains.proven(pharmacy.pk, names, now=now) == set()
    assert domains.proof(pharmacy.pk, HOST, now=now) is None
    assert orders.in_review(matti).host_names.first().evidence == HostName.Evidence.DNS


def test_what_the_reviewer_recorded_is_left_alone(matti, pharmacy, riitta, cas, in_use):
    order = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, order)
    in_use.publish("example.fi", record(pharmacy, ".erecept"))
    people.log_in(Client(), matti).post(PAGE, {"name": HOST})
    orders.drain()
    assert evidence_of(order) == (HostName.Evidence.REGISTRY, riitta.pk)


def test_one_record_serves_the_organisations_later_orders_for_its_time(
    matti, pharmacy, riitta, cas, in_use, settings
):
    in_use.publish("example.fi", whole(pharmacy))
    orders.claimed(matti, riitta)
    later = clock.now() + timedelta(days=settings.DOMAIN_CONTROL["days"] - 1)
    assert domains.proof(pharmacy.pk, "vara.example.fi", now=later)
    assert not domains.proof(pharmacy.pk, "toinen.fi", now=later)
    assert not domains.proof(pharmacy.pk, HOST, now=later + timedelta(days=1))


def test_the_proof_of_one_organisation_is_none_for_another(matti, pharmacy, kalle, in_use):
    in_use.publish("example.fi", record(pharmacy, ".erecept"))
    people.log_in(Client(), matti).post(PAGE, {"name": HOST})
    orders.drain()
    assert domains.proof(pharmacy.pk, HOST, now=clock.now())
    assert not domains.proof(clinics(kalle).pk, HOST, now=clock.now())
    people.log_in(Client(), kalle).post(PAGE, {"name": HOST})
    orders.drain()
    assert clinics(kalle).domains.get().outcome == Outcome.OTHER_ACCOUNT


def test_a_resolver_that_is_silent_delays_no_order(matti, riitta, cas, in_use, silent):
    order = orders.claimed(matti, riitta)
    assert order.status == Status.IN_REVIEW
    assert evidence_of(order) == ("", None)
    assert not OutboxItem.objects.filter(done_at=None, topic__contains="domain").exists()
    assert set(Domain.objects.values_list("outcome", flat=True)) == {Outcome.UNANSWERED}
    with pytest.raises(Unavailable):
        look(order.organisation, HOST, silent)


def test_what_rested_on_dns_is_not_signed_once_the_operator_turns_it_off(
    matti, pharmacy, riitta, cas, in_use, settings
):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.claimed(matti, riitta)
    orders.press_approve(riitta, order)
    settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": []}
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.IN_REVIEW


def test_an_approved_order_waits_a_while_for_name_servers_that_do_not_answer(
    matti, pharmacy, riitta, cas, in_use, request, monkeypatch
):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.claimed(matti, riitta)
    orders.press_approve(riitta, order)
    request.getfixturevalue("silent")
    orders.drain()
    order.refresh_from_db()
    assert (order.status, order.waiting_for) == (Status.APPROVED, "dns")
    assert domains.proof(pharmacy.pk, HOST, now=clock.now()), "nobody said that it is gone"
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr("certportal.foundation.clock.now", lambda: later)
    orders.drain()
    order.refresh_from_db()
    assert (order.status, evidence_of(order)) == (Status.IN_REVIEW, ("", None))


def test_a_worker_killed_after_a_look_lets_nothing_be_signed(
    matti, pharmacy, riitta, cas, in_use, monkeypatch
):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.claimed(matti, riitta)
    orders.press_approve(riitta, order)
    in_use.publish("example.fi")
    with monkeypatch.context() as killed:
        killed.setattr("applications.services.confirm", raise_(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            orders.drain()
    order.refresh_from_db()
    assert (order.status, evidence_of(order)[0]) == (Status.APPROVED, HostName.Evidence.DNS)
    OutboxItem.objects.filter(done_at=None).update(due_at=clock.now(), leased_until=None)
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.IN_REVIEW


def test_a_record_found_long_ago_is_looked_up_again_however_long_the_order_waited(
    matti, pharmacy, riitta, cas, in_use, monkeypatch
):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.claimed(matti, riitta)
    orders.press_approve(riitta, order)
    with monkeypatch.context() as register_is_silent:
        register_is_silent.setattr(still_true, "fault", raise_(Unavailable("register")))
        people.log_in(Client(), matti).post(PAGE, {"name": HOST})
        orders.drain()
    assert domains.proof(pharmacy.pk, HOST, now=clock.now())
    in_use.publish("example.fi")
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    orders.drain()
    order.refresh_from_db()
    assert (order.status, evidence_of(order)) == (Status.IN_REVIEW, ("", None))


def test_without_any_evidence_left_nothing_is_signed(matti, riitta, cas):
    order = orders.claimed(matti, riitta)
    orders.approve(riitta, order)
    order.host_names.update(evidence="")
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.IN_REVIEW
    assert order.findings[0]["rule"] == "order.domain_not_proven"


def test_a_reviewer_who_presses_it_unchanged_does_not_make_it_theirs(
    matti, pharmacy, riitta, cas, in_use
):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.claimed(matti, riitta)
    host = order.host_names.get(name=HOST)
    given = {"evidence": host.evidence, "note": host.evidence_note, "person": riitta}
    services.set_evidence(order.pk, host.pk, **given, **Handler(riitta, order).seen)
    assert evidence_of(order) == (HostName.Evidence.DNS, None)


def test_what_the_service_found_once_is_not_offered_as_a_reviewers_own(
    matti, pharmacy, riitta, cas, in_use
):
    in_use.publish("example.fi", whole(pharmacy))
    first = orders.claimed(matti, riitta, csr=orders.csr_of_order(1))
    orders.press_approve(riitta, first)
    orders.drain()
    in_use.publish("example.fi")
    people.log_in(Client(), matti).post(PAGE, {"name": HOST})
    orders.drain()
    assert not domains.proof(pharmacy.pk, "vara.example.fi", now=clock.now())
    order = orders.claimed(matti, riitta, csr=orders.csr_of_order(2))
    page = people.log_in(Client(), riitta).get(reverse("console:case", args=[order.pk]))
    assert "account=" not in page.text
