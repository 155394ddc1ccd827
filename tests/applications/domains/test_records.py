"""How the records of a domain are read, from real name servers, and which resolvers are asked."""

from datetime import timedelta

import dns.message
import dns.name
import pytest
from django.core.exceptions import ImproperlyConfigured
from structlog.testing import capture_logs

from applications.checks import dns_resolvers, domain_lookup
from applications.rules import domain_record
from applications.rules.domain_record import Outcome
from certportal import env
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.operations import self_checks
from tests.applications.domains.published import (
    HOST,
    ISSUER,
    look,
    raise_,
    record,
)
from tests.dns_servers import ADDRESS, name_servers


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


def test_the_health_tells_of_a_resolver_that_is_silent_or_does_not_validate(
    in_use, silent, settings, monkeypatch
):
    are_fit = self_checks.SELF_CHECKS["default"]["resolvers"]
    monkeypatch.setattr(dns_resolvers, "_found", {})
    faults = {"does not answer": silent, "does not validate": (ADDRESS, in_use.authority)}
    for fault, unfit in faults.items():
        for used, fit in (([in_use.resolver], True), ([in_use.resolver, unfit], False)):
            settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": used}
            monkeypatch.setattr(dns_resolvers, "ASKED_EVERY", 0)
            with capture_logs() as logged:
                assert are_fit() is fit
            told = [(one["port"], one["fault"]) for one in logged]
            assert told == ([] if fit else [(unfit[1], fault)])
            monkeypatch.setattr(dns_resolvers, "ASKED_EVERY", 3600)
            with monkeypatch.context() as later:
                later.setattr(domain_lookup, "says_secure", raise_(AssertionError))
                assert are_fit() is fit  # not asked with each heartbeat


def test_a_resolver_is_asked_again_before_one_lost_answer_is_told(settings, monkeypatch):
    answers = iter([raise_(Unavailable(domain_lookup.SOURCE)), lambda: True])
    monkeypatch.setattr(domain_lookup, "says_secure", lambda *_asked: next(answers)())
    settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": [(ADDRESS, 53)]}
    monkeypatch.setattr(dns_resolvers, "_found", {})
    assert dns_resolvers.are_fit()


def test_a_dname_that_makes_no_name_of_the_one_asked_for_leads_nowhere():
    """RFC 6672, 2.2: what would be longer than 255 octets is no name (YXDOMAIN)."""
    name = dns.name.from_text(".".join(["a" * 60] * 3 + ["example.fi"]))
    target = ".".join(["b" * 60] * 2)
    answer = f"example.fi. 60 IN DNAME {target}.fi."
    text = f"id 1\nopcode QUERY\nrcode YXDOMAIN\nflags QR\n;QUESTION\n;ANSWER\n{answer}\n"
    assert list(domain_lookup._own(dns.message.from_text(text), name)) == []


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
