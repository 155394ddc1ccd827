"""Name servers that are slow or silent take little time from the workers of all."""

from types import SimpleNamespace

import pytest
from celery import current_app

from applications import services, tasks
from applications.checks import domain_lookup
from applications.rules.domain_record import Outcome
from applications.services.system import domains
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation.models import Event, OutboxItem
from tests.applications.domains.published import HOST
from tests.lying_resolvers import resolver


@pytest.fixture(autouse=True)
def slow(settings, monkeypatch):
    """Use a resolver that finds nobody but fi. in time, and wait a second for it."""
    monkeypatch.setattr(domain_lookup, "SECONDS_PER_HOST", 1)
    with resolver(lambda name, _kind: [] if name == "fi" else None) as one:
        settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": [one]}
        yield


def looks():
    return Event.objects.filter(action="domain.looked_up").count()


def test_an_organisation_s_orders_are_looked_up_for_a_limited_time(matti, cas, monkeypatch):
    """Each lookup counts as its second, however busy the machine is."""
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=looks))
    monkeypatch.setattr(domains, "MOST_SECONDS", 2)
    order = orders.in_review(matti)
    assert looks() == len(order.names) == 2
    other = orders.in_review(matti)
    assert (other.status, looks()) == (Status.IN_REVIEW, 2)


def test_the_time_is_each_organisation_s_own(matti, kalle, cas, monkeypatch):
    monkeypatch.setattr(domains, "MOST_SECONDS", 1)
    orders.in_review(matti)
    before = looks()
    orders.in_review(kalle, unit="1.2.246.10.99000085.10.0")
    assert looks() > before


def test_checks_do_not_wait_for_lookups(matti, pharmacy, cas):
    act(matti, services.request_lookup, pharmacy, HOST)
    order = orders.submitted(matti)
    look = OutboxItem.objects.get(topic="domain.look_wanted")
    current_app.autodiscover_tasks(force=True)
    current_app.tasks[look.task].run(item=str(look.pk))
    order.refresh_from_db()
    assert (order.status, looks()) == (Status.IN_REVIEW, 1)


def test_what_was_asked_for_before_the_operator_turned_lookups_off_is_not_answered(
    matti, pharmacy, settings
):
    act(matti, services.request_lookup, pharmacy, HOST)
    settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": []}
    orders.drain()
    assert not OutboxItem.objects.filter(done_at=None).exists()
    assert pharmacy.domains.get().outcome == Outcome.UNANSWERED


def test_what_members_ask_for_counts_too(matti, pharmacy, cas, monkeypatch):
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=looks))
    monkeypatch.setattr(domains, "MOST_SECONDS", 1)
    act(matti, services.request_lookup, pharmacy, HOST)
    orders.drain()
    asked = []
    monkeypatch.setattr(domain_lookup, "look", lambda *given, **_named: asked.append(given))
    act(matti, services.request_lookup, pharmacy, "varmuus.example.fi")
    orders.drain()
    assert not asked
    assert set(pharmacy.domains.values_list("outcome", flat=True)) == {Outcome.UNANSWERED}
