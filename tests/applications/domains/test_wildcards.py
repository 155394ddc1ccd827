"""A record that a wildcard of the zone gives proves control of no domain."""

import pytest

from applications.checks import domain_lookup
from applications.rules import domain_record
from applications.rules.domain_record import Outcome
from certportal.foundation import clock
from tests.applications.domains.published import HOST, ISSUER

LABEL = domain_record.LABEL


@pytest.fixture
def text(pharmacy):
    """The record's text for all of a domain."""
    return f'TXT "{domain_record.text(ISSUER, pharmacy.pk, subdomains=True)}"'


@pytest.fixture
def look(pharmacy, servers):
    """Look the host up after these records of the zone, and some of a hoster's, were published."""

    def found(*records, hosters=(), host=HOST):
        servers.publish("example.fi", *records)
        servers.publish("klinikka.fi", *hosters)
        known = {"issuer": ISSUER, "resolvers": [servers.resolver], "on": clock.day(clock.now())}
        return domain_lookup.look(host, pharmacy.pk, **known).outcome

    return found


def test_whoever_runs_the_host_of_a_wildcard_alias_proves_no_domain(look, text):
    """The hoster of `*.example.fi` puts a record for its own account at its host."""
    hosters = (f"web {text}",)
    assert look("* CNAME web.klinikka.fi.", hosters=hosters) is Outcome.ABSENT
    only_below = ("*.erecept CNAME web.klinikka.fi.", "erecept A 127.0.0.1")
    assert look(*only_below, hosters=hosters) is Outcome.ABSENT


def test_a_wildcard_text_proves_no_domain(look, text):
    assert look(f"* {text}") is Outcome.ABSENT


def test_a_wildcard_text_is_not_told_to_be_a_record_that_lacks_something(look, text):
    """Whoever added what it lacks would be told that there is no record."""
    assert look(f"* {text.replace('; scope=subdomains', '')}") is Outcome.ABSENT


GIVEN_AWAY = "erecept DNAME web.klinikka.fi."
"""All names below it are those below the hoster's, but its own is not (RFC 6672)."""


def test_whoever_has_all_names_below_a_domain_does_not_prove_the_domain_itself(look, text):
    assert look(GIVEN_AWAY, hosters=(f"{LABEL}.web {text}",)) is Outcome.ABSENT


def test_whoever_has_all_names_below_a_domain_proves_those(look, text):
    hosters, host = (f"{LABEL}.a.web {text}",), f"a.{HOST}"
    assert look(GIVEN_AWAY, hosters=hosters, host=host) is Outcome.PROVEN


@pytest.mark.parametrize(
    ("name", "hosters", "found"),
    [
        ("a", ["* CNAME web.shop.klinikka.fi.", "web.shop {text}"], Outcome.ABSENT),
        ("b", ["* {text}"], Outcome.ABSENT),
        ("c", ["c DNAME shop.klinikka.fi.", "{label}.shop {text}"], Outcome.ABSENT),
        ("d", ["* CNAME web.shop.klinikka.fi.", "{label}.d {text}"], Outcome.PROVEN),
    ],
)
def test_a_wildcard_where_a_domain_leads_proves_none_of_the_names_below_it(
    look, text, name, hosters, found
):
    """A DNAME makes an alias of its own of each name, and all of them lead to the wildcard."""
    hosters = [record.format(text=text, label=LABEL) for record in hosters]
    host = f"{name}.moved.example.fi"
    assert look("moved DNAME klinikka.fi.", hosters=hosters, host=host) is found


def test_a_record_of_its_own_beside_a_wildcard_proves_it(look, text):
    assert look(f"{LABEL} {text}", "* CNAME web.klinikka.fi.") is Outcome.PROVEN
    alias = f"{LABEL} CNAME proof.klinikka.fi."
    hosters = (f"proof {text}", f"web {text}")
    assert look(alias, "* CNAME web.klinikka.fi.", hosters=hosters) is Outcome.PROVEN


def test_a_record_above_counts_where_a_wildcard_gives_one_nearer(look, text):
    nearer = (f"*.erecept {text}", "erecept A 127.0.0.1")
    assert look(f"{LABEL} {text}", *nearer) is Outcome.PROVEN
