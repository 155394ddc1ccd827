"""Name servers that are slow or silent take little time from the workers of all."""

import socket

import pytest
from celery import current_app

from applications import services
from applications.checks import domain_lookup
from applications.services.system import domains
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation.models import Event, OutboxItem

ADDRESS = "127.0.0.1"


@pytest.fixture(autouse=True)
def silent(settings, monkeypatch):
    """Use a resolver that takes questions and answers none, and wait a second for it."""
    monkeypatch.setattr(domain_lookup, "SECONDS_PER_HOST", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((ADDRESS, 0))
        settings.DOMAIN_CONTROL = settings.DOMAIN_CONTROL | {"resolvers": [one.getsockname()[:2]]}
        yield


def looks():
    return Event.objects.filter(action="domain.looked_up").count()


def test_an_organisation_s_orders_are_looked_up_for_a_limited_time(matti, cas, monkeypatch):
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
    act(matti, services.request_lookup, pharmacy, "erecept.example.fi")
    order = orders.submitted(matti)
    look = OutboxItem.objects.get(topic="domain.look_wanted")
    current_app.autodiscover_tasks(force=True)
    current_app.tasks[look.task].run(item=str(look.pk))
    order.refresh_from_db()
    assert (order.status, looks()) == (Status.IN_REVIEW, 1)
