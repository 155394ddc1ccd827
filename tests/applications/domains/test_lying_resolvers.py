"""Resolvers that lie, hang up or do not validate let no domain be proven, and stop no work."""

from contextlib import ExitStack
from itertools import cycle

import dns.flags
import pytest
from structlog.testing import capture_logs

from applications.checks import dns_resolvers, domain_lookup
from applications.models import Domain
from applications.rules import domain_record, domains
from applications.rules.domain_record import Outcome
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import OutboxItem
from tests.applications.domains.published import HOST, ISSUER
from tests.lying_resolvers import resolver

LABEL = domain_record.LABEL


@pytest.fixture
def start(settings):
    """Start resolvers, which the service uses from then on; return their addresses."""
    with ExitStack() as running:

        def use(*answers, flags=dns.flags.AD):
            used = [running.enter_context(resolver(answer, flags)) for answer in answers]
            more = {"issuer": ISSUER, "resolvers": used}
            settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | more
            return used

        yield use


def having(**records):
    """Answer that there is nothing but this text at the label of these names."""
    texts = {f"{LABEL}.{name.replace('_', '.')}": text for name, text in records.items()}

    def answer(name, kind):
        return [f'{name}. TXT "{texts[name]}"'] if kind == "TXT" and name in texts else []

    return answer


def record(organisation, *, subdomains):
    return domain_record.text(ISSUER, organisation.pk, subdomains=subdomains)


def look(organisation, used):
    today = clock.day(clock.now())
    return domain_lookup.look(HOST, organisation.pk, issuer=ISSUER, resolvers=used, on=today)


def test_subdomains_are_proven_only_if_every_resolver_says_so(pharmacy, start):
    all_of_it = record(pharmacy, subdomains=True)
    own = having(erecept_example_fi=record(pharmacy, subdomains=False))
    for lie in (having(erecept_example_fi=all_of_it), having(example_fi=all_of_it)):
        for answers in ((own, lie), (lie, own)):
            found = look(pharmacy, start(*answers))
            assert (found.outcome, found.subdomains) == (Outcome.PROVEN, False)
    assert look(pharmacy, start(*[having(example_fi=all_of_it)] * 2)).subdomains


def test_a_wildcard_is_known_however_its_alias_is_capitalised(pharmacy, start):
    aliases, text = cycle(["web.hoster.com", "web.Hoster.com"]), record(pharmacy, subdomains=True)

    def answer(name, kind):
        alias = next(aliases)
        return [f"{name}. CNAME {alias}.", f'{alias}. TXT "{text}"'] if kind == "TXT" else []

    assert look(pharmacy, start(answer)).outcome is Outcome.ABSENT


def test_a_resolver_that_hangs_up_counts_as_one_that_does_not_answer(matti, riitta, cas, start):
    used = start(lambda _name, _kind: [], flags=dns.flags.TC)
    with capture_logs() as logged:
        assert not dns_resolvers.are_fit()
    assert logged[0]["fault"] == "does not answer"
    order = orders.claimed(matti, riitta)
    assert order.status == Status.IN_REVIEW
    assert not OutboxItem.objects.filter(done_at=None, topic__contains="domain").exists()
    with pytest.raises(Unavailable):
        look(order.organisation, used)


def test_a_resolver_that_does_not_validate_proves_nothing(matti, pharmacy, riitta, cas, start):
    answer = having(example_fi=record(pharmacy, subdomains=True))
    start(answer, flags=0)
    orders.claimed(matti, riitta)
    assert not domains.proof(pharmacy.pk, HOST, now=clock.now())
    assert set(Domain.objects.values_list("outcome", flat=True)) == {Outcome.UNANSWERED}
    start(answer)
    orders.claimed(matti, riitta)
    assert domains.proof(pharmacy.pk, HOST, now=clock.now())
