"""What containers and monitoring are told."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from accounts.register.models import RegisterRun
from certportal import health
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from issuance import repository, services
from issuance.models import IssuingCA
from tests.issuance.hierarchy import publish_roots


@pytest.fixture
def beating(settings):
    """Both workers have just given a sign of life."""
    store = health.store()
    for queue in health.QUEUES:
        health.beat(queue)
    yield
    store.delete(*(f"heartbeat:{queue}" for queue in health.QUEUES))


@pytest.fixture
def published(cas):
    """Lists of today, the roots' too."""
    publish_all(clock.now())


def publish_all(moment):
    publish_roots(Path(settings.PORTAL_DATA), now=moment)
    services.publish_crls(now=moment)


@pytest.fixture
def well(sample, published, beating):
    """Everything is as it should be."""


def ask():
    return Client().get("/healthz")


def not_well():
    response = ask()
    assert response.status_code == 503
    return response.json()["not_well"]


def test_all_is_well(well):
    response = ask()
    assert response.status_code == 200
    assert response.json() == {"status": "well", "not_well": []}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("queue", health.QUEUES)
def test_a_worker_that_gives_no_sign_of_life_is_named(well, queue):
    health.store().delete(f"heartbeat:{queue}")
    assert not_well() == [f"worker-{queue}"]


def test_a_sign_of_life_lasts_for_three_beats_only(beating):
    left = health.store().ttl("heartbeat:ca")
    assert 30 <= left <= 35


def test_a_redis_that_is_down_is_named_with_the_workers_nobody_can_see(well, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    assert not_well() == ["redis", "worker-default", "worker-ca"]


def test_a_database_that_is_down_is_named(well, monkeypatch):
    def down():
        raise OperationalError("gone")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(connection, "cursor", down)
        assert "database" in not_well()


@pytest.mark.parametrize("environment", ["production", "test"])
def test_an_environment_without_a_ca_is_named(well, environment):
    active = IssuingCA.objects.filter(environment=environment)
    active.update(state=IssuingCA.State.RETIRED)
    assert not_well() == ["ca"]


def test_a_ca_that_ends_soon_is_named(well, monkeypatch):
    monkeypatch.setattr(health, "CA_NOTICE", timedelta(days=365 * 30))
    assert not_well() == ["ca"]


def test_a_ca_that_ends_before_the_longest_certificate_would_is_named(well, monkeypatch):
    assert timedelta(days=731) < health.LONGEST_CERTIFICATE
    monkeypatch.setattr(health, "LONGEST_CERTIFICATE", timedelta(days=365 * 30))
    assert not_well() == ["ca"]


def item(**fields):
    now = clock.now()
    return OutboxItem.objects.create(
        **{
            "topic": "application.notice",
            "task": "applications.send_notice",
            "queue": "default",
            "created_at": now,
            "due_at": now,
            **fields,
        }
    )


def test_work_of_this_moment_and_of_later_is_no_concern(well):
    item()
    item(created_at=clock.now() - timedelta(days=9), due_at=clock.now() + timedelta(days=1))
    item(due_at=clock.now() - timedelta(hours=1), done_at=clock.now())
    assert ask().status_code == 200


def test_work_that_nobody_does_is_named(well):
    item(due_at=clock.now() - timedelta(minutes=11))
    assert not_well() == ["outbox"]


def test_work_tried_in_vain_for_too_long_is_named_though_it_is_due_later(well):
    long_ago, soon = clock.now() - timedelta(minutes=11), clock.now() + timedelta(minutes=4)
    few = item(created_at=long_ago, due_at=soon, attempts=health.MANY_ATTEMPTS - 1)
    assert ask().status_code == 200
    OutboxItem.objects.filter(pk=few.pk).update(attempts=health.MANY_ATTEMPTS)
    assert not_well() == ["outbox"]


def test_work_that_failed_for_good_is_named(well):
    item(failed_at=clock.now())
    assert not_well() == ["outbox"]


def test_lists_not_renewed_for_a_day_are_named_and_again_before_they_end(well):
    for hours, named in ((23, []), (25, ["crl"]), (43, ["crl", "crl-soon-over"])):
        IssuingCA.objects.update(crl_number=0)
        for stem in IssuingCA.objects.values_list("stem", flat=True):
            repository.crl_path(stem).unlink()
        services.publish_crls(now=clock.now() - timedelta(hours=hours))
        assert ask().json()["not_well"] == named, hours


def test_a_roots_list_is_asked_for_a_month_before_it_ends(well):
    publish_all(clock.now() - timedelta(days=330))
    services.publish_crls(now=clock.now())
    assert ask().status_code == 200
    publish_all(clock.now() - timedelta(days=337))
    services.publish_crls(now=clock.now())
    assert not_well() == ["crl"]


def test_a_list_that_is_missing_or_broken_is_named(well):
    path = repository.crl_path("sote-ec-1")
    path.write_bytes(path.read_bytes()[:-1])
    assert not_well() == ["crl", "crl-soon-over"]
    path.unlink()
    assert not_well() == ["crl", "crl-soon-over"]


def test_a_register_that_was_never_fetched_is_named(published, beating):
    assert not_well() == ["register"]


def test_a_register_that_should_be_fetched_and_is_too_old_is_named(well, settings):
    settings.REGISTER = {"BACKEND": "accounts.register.codeserver.CodeServer"}
    RegisterRun.objects.update(started_at=clock.now() - timedelta(days=30))
    assert not_well() == ["register"]


def test_only_names_are_told(cas, beating):
    assert set(ask().json()) == {"status", "not_well"}


def test_livez_asks_nobody(client):
    """Without the database fixture a query would fail the test."""
    response = client.get("/livez")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_a_scanner_that_does_not_answer_is_named(well, settings):
    backend = "certportal.foundation.scanning.memory.InMemory"
    settings.SCANNER = {"BACKEND": backend, "OPTIONS": {"answers": False}}
    assert not_well() == ["scanner"]
