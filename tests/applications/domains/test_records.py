"""Control of a domain shown by a DNS record, looked up from real name servers."""

import socket
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from structlog.testing import capture_logs

from applications import services
from applications.checks import domain_lookup, resolvers, still_true
from applications.models import Domain, HostName
from applications.rules import domain_record, domains
from applications.rules.domain_record import Outcome
from applications.workflow import Status
from certportal import env
from certportal.dev.builders import orders, people
from certportal.dev.builders.orders import Handler
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import Event, OutboxItem
from certportal.operations import self_checks
from tests.dns_servers import ADDRESS, name_servers

HOST = "erecept.example.fi"
ISSUER = "dvv.fi"
PAGE = reverse("applications:domains")


@pytest.fixture(scope="module")
def servers():
    with name_servers() as running:
        yield running


@pytest.fixture
def in_use(settings, servers):
    """Use the validating resolver; no record is published yet."""
    settings.DOMAIN_CONTROL = {"issuer": ISSUER, "resolvers": [servers.resolver], "days": 200}
    servers.publish("example.fi")
    return servers


@pytest.fixture
def silent(settings):
    """Use a resolver that takes questions and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((ADDRESS, 0))
        settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": [one.getsockname()[:2]]}
        yield one.getsockname()[:2]


def raise_(error):
    def refuse(*_given, **_named):
        raise error

    return refuse


def record(organisation, name, more="", account=None):
    """Return the zone's line that shows the organisation's control of the name."""
    account = account or domain_record.account_of(organisation.pk)
    return f'{domain_record.LABEL}{name} TXT "{ISSUER}; account={account}{more}"'


def whole(organisation):
    """Return the line for the whole of example.fi."""
    return record(organisation, "", "; scope=subdomains")


def clinics(kalle):
    return kalle.memberships.get().organisation


def evidence_of(order):
    host = order.host_names.get(name=HOST)
    return host.evidence, host.evidenced_by_id


def look(organisation, host, *resolvers):
    today = clock.day(clock.now())
    return domain_lookup.look(host, organisation.pk, issuer=ISSUER, resolvers=resolvers, on=today)


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


def test_each_record_is_judged_as_it_is_published(pharmacy, in_use):
    past = (clock.day(clock.now()) - timedelta(days=1)).isoformat()
    today = clock.day(clock.now()).isoformat()
    table = [
        ((record(pharmacy, ".erecept"),), Outcome.PROVEN),
        ((record(pharmacy, ".erecept", f"; until={today}"),), Outcome.PROVEN),
        ((record(pharmacy, ".erecept", ";\tfuture=1 ;"),), Outcome.PROVEN),
        ((record(pharmacy, "", "; scope=subdomains"),), Outcome.PROVEN),
        ((record(pharmacy, ".erecept", f"; until={past}"),), Outcome.EXPIRED),
        ((record(pharmacy, ""),), Outcome.NO_SUBDOMAINS),
        ((record(pharmacy, ".erecept", account="0" * 32),), Outcome.OTHER_ACCOUNT),
        ((record(pharmacy, ".erecept", "; until=2027-13-01"),), Outcome.UNREADABLE),
        ((record(pharmacy, ".erecept", "; scope=a; scope=subdomains"),), Outcome.UNREADABLE),
        ((record(pharmacy, ".erecept", "; a b=c"),), Outcome.UNREADABLE),
        ((f'{domain_record.LABEL}.erecept TXT "v=spf1 -all"',), Outcome.ABSENT),
        ((record(pharmacy, ".erecept").replace(ISSUER, "other.fi"),), Outcome.ABSENT),
        (
            (
                record(pharmacy, ".erecept").replace("TXT", "CNAME").split(" CNAME")[0]
                + " CNAME elsewhere",
                record(pharmacy, "").replace(domain_record.LABEL, "elsewhere"),
            ),
            Outcome.PROVEN,
        ),
        (
            (record(pharmacy, ".erecept", account="0" * 32), record(pharmacy, ".erecept")),
            Outcome.PROVEN,
        ),
    ]
    seen = []
    for lines, _expected in table:
        in_use.publish("example.fi", *lines)
        seen.append(look(pharmacy, HOST, in_use.resolver).outcome)
    assert seen == [expected for _lines, expected in table]


def test_a_record_above_a_shared_ending_is_not_asked_for(pharmacy, in_use):
    in_use.publish("github.io", record(pharmacy, "", "; scope=subdomains"))
    assert domain_record.places("a.b.github.io") == ["a.b.github.io", "b.github.io"]
    assert look(pharmacy, "a.b.github.io", in_use.resolver).outcome is Outcome.ABSENT


def test_an_answer_with_wrong_signatures_is_refused_and_an_unsigned_one_noted(pharmacy, in_use):
    for zone in ("example.fi", "klinikka.fi", "vaara.fi"):
        in_use.publish(zone, record(pharmacy, ""), '@ CAA 0 issue "dvv.fi"')
    signed = look(pharmacy, "example.fi", in_use.resolver)
    assert (signed.outcome, signed.is_secure) == (Outcome.PROVEN, True)
    assert signed.caa == ['0 issue "dvv.fi"']
    unsigned = look(pharmacy, "klinikka.fi", in_use.resolver)
    assert (unsigned.outcome, unsigned.is_secure) == (Outcome.PROVEN, False)
    wrong = look(pharmacy, "vaara.fi", in_use.resolver)
    assert (wrong.outcome, wrong.record) == (Outcome.BOGUS, "")


def test_every_resolver_must_find_the_record(pharmacy, in_use, servers):
    in_use.publish("example.fi", record(pharmacy, ".erecept"))
    with name_servers() as others:
        found = look(pharmacy, HOST, in_use.resolver, others.resolver)
    assert found.outcome is Outcome.ABSENT


def test_a_resolver_that_is_silent_delays_no_order(matti, riitta, cas, in_use, silent):
    order = orders.claimed(matti, riitta)
    assert order.status == Status.IN_REVIEW
    assert evidence_of(order) == ("", None)
    assert not OutboxItem.objects.filter(done_at=None, topic__contains="domain").exists()
    assert set(Domain.objects.values_list("outcome", flat=True)) == {Outcome.UNANSWERED}
    with pytest.raises(Unavailable):
        look(order.organisation, HOST, silent)


def test_the_health_tells_of_a_resolver_that_is_silent_or_does_not_validate(
    in_use, silent, settings, monkeypatch
):
    are_fit = self_checks.SELF_CHECKS["default"]["resolvers"]
    monkeypatch.setattr(resolvers, "_found", {})
    faults = {"does not answer": silent, "does not validate": (ADDRESS, in_use.authority)}
    for fault, unfit in faults.items():
        for used, fit in (([in_use.resolver], True), ([in_use.resolver, unfit], False)):
            settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": used}
            monkeypatch.setattr(resolvers, "ASKED_EVERY", 0)
            with capture_logs() as logged:
                assert are_fit() is fit
            told = [(one["port"], one["fault"]) for one in logged]
            assert told == ([] if fit else [(unfit[1], fault)])
            monkeypatch.setattr(resolvers, "ASKED_EVERY", 3600)
            with monkeypatch.context() as later:
                later.setattr(domain_lookup, "says_secure", raise_(AssertionError))
                assert are_fit() is fit  # not asked with each heartbeat


def test_a_resolver_is_asked_again_before_one_lost_answer_is_told(settings, monkeypatch):
    answers = iter([raise_(Unavailable(domain_lookup.SOURCE)), lambda: True])
    monkeypatch.setattr(domain_lookup, "says_secure", lambda *_asked: next(answers)())
    settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": [(ADDRESS, 53)]}
    monkeypatch.setattr(resolvers, "_found", {})
    assert resolvers.are_fit()


def test_the_page_shows_the_record_and_what_was_found(matti, pharmacy, in_use):
    browser = people.log_in(Client(), matti)
    page = browser.post(PAGE, {"name": "https://erecept.example.fi/x"}, follow=True)
    assert "Haetaan" in page.text
    orders.drain()
    page = browser.get(PAGE)
    assert f"_sote-validation.{HOST}" in page.text
    assert f"{ISSUER}; account={domain_record.account_of(pharmacy.pk)}" in page.text
    assert "Tietue ei ole vielä" in page.text
    in_use.publish("example.fi", record(pharmacy, ".erecept"))
    browser.post(PAGE, {"name": HOST})
    orders.drain()
    assert "Löytyi" in browser.get(PAGE).text
    browser.post(reverse("applications:forget_domain", args=[pharmacy.domains.get().pk]))
    assert not pharmacy.domains.exists()


@pytest.mark.parametrize(
    ("typed", "told"),
    [("", "Kirjoita palvelimen nimi"), ("a.fi b.fi", "yksi palvelimen nimi"), ("co.uk", "co.uk")],
)
def test_a_name_that_is_none_is_told_of(matti, pharmacy, in_use, typed, told):
    page = people.log_in(Client(), matti).post(PAGE, {"name": typed})
    assert told in page.text
    assert not Domain.objects.exists()


def test_another_organisations_domain_cannot_be_forgotten(matti, kalle, in_use):
    people.log_in(Client(), kalle).post(PAGE, {"name": HOST})
    theirs = clinics(kalle).domains.get()
    people.log_in(Client(), matti).post(reverse("applications:forget_domain", args=[theirs.pk]))
    assert clinics(kalle).domains.exists()


def test_without_resolvers_there_is_no_such_page_and_nothing_is_looked_up(matti, riitta, cas):
    assert people.log_in(Client(), matti).get(PAGE).status_code == 404
    order = orders.claimed(matti, riitta)
    assert evidence_of(order) == ("", None)
    assert not Domain.objects.exists()


def test_what_rested_on_dns_is_not_signed_once_the_operator_turns_it_off(
    matti, pharmacy, riitta, cas, in_use, settings
):
    in_use.publish("example.fi", whole(pharmacy))
    order = orders.claimed(matti, riitta)
    orders.press_approve(riitta, order)
    settings.DOMAIN_CONTROL["resolvers"] = []
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


def test_a_name_too_long_for_the_record_and_odd_texts_prove_nothing(pharmacy, in_use):
    longest = ".".join(["a" * 60] * 3 + ["b" * 55]) + ".fi"
    assert look(pharmacy, longest, in_use.resolver).outcome is Outcome.ABSENT
    odd = f'{domain_record.LABEL}.erecept TXT "{ISSUER};\\000"'
    in_use.publish("example.fi", odd)
    assert look(pharmacy, HOST, in_use.resolver).outcome is Outcome.ABSENT


def test_a_resolver_that_is_no_address_is_named(monkeypatch):
    monkeypatch.setenv("DOMAIN_RESOLVERS", "127.0.0.1:53 [::1]:5353 10.0.0.1")
    assert env.domain_control()["resolvers"] == [
        ("127.0.0.1", 53),
        ("::1", 5353),
        ("10.0.0.1", 53),
    ]
    monkeypatch.setenv("DOMAIN_RESOLVERS", "dns.example.fi")
    with pytest.raises(ImproperlyConfigured, match=r"dns\.example\.fi"):
        env.domain_control()
