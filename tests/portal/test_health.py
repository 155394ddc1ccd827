"""What containers and monitoring are told."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from accounts.register.models import RegisterRun
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.breaker import Resting
from certportal.foundation.database import database_clock
from certportal.foundation.mail.sending import mark_of
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox, set_aside
from certportal.operations import health
from issuance import services
from issuance.models import IssuingCA
from issuance.publication import repository
from tests.authorities import add_seal, publish_roots
from tests.journeys.steps import await_true
from tests.stack import REDIS
from tests.tables import rewrite


@pytest.fixture
def beating(settings, cas):
    """Both workers have just given a sign of life."""
    store = health.store()
    for queue in health.QUEUES:
        settings.PORTAL_PROCESS = queue
        health.beat()
    store.set("heartbeat:beat", clock.now().isoformat())
    yield
    store.delete("heartbeat:beat", *(f"heartbeat:{queue}" for queue in health.QUEUES))
    store.delete(*(f"failing:{queue}" for queue in health.QUEUES))


@pytest.fixture
def published(cas):
    """Lists of today, the roots' too."""
    publish_all(clock.now())


def publish_all(moment):
    publish_roots(Path(settings.PORTAL_DATA), now=moment)
    services.publish_crls(now=moment)


@pytest.fixture
def sealing(cas):
    """The seal's ceremony was held."""
    return add_seal()


@pytest.fixture
def well(sample, published, beating, sealing):
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
    assert response.json() == {"status": "well", "not_well": [], "to_do": []}
    assert "no-store" in response["Cache-Control"]


def test_it_asks_the_database_in_few_statements(well, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        assert health.found() == health.Found([], [])


@pytest.mark.parametrize("minutes", [-2, 2])
def test_a_clock_of_web_that_is_not_the_database_s_is_named(well, monkeypatch, minutes):
    """What people send and decide would get wrong times."""
    wrong = timezone.now() + timedelta(minutes=minutes)
    monkeypatch.setattr(database_clock, "machine_time", lambda: wrong)
    assert not_well() == ["clock-web"]


@pytest.mark.parametrize("queue", health.QUEUES)
def test_a_worker_that_gives_no_sign_of_life_is_named(well, queue):
    health.store().delete(f"heartbeat:{queue}")
    assert not_well() == [f"worker-{queue}"]


def test_a_sign_of_life_lasts_for_three_beats_only(beating):
    left = health.store().ttl("heartbeat:ca")
    assert 30 <= left <= 35


def test_a_redis_that_is_down_is_named_with_the_workers_nobody_can_see(well, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    assert not_well() == ["redis", "beat", "worker-default", "worker-mail", "worker-ca"]


@pytest.fixture
def disk_of_redis(settings, tmp_path):
    """A Redis of the test's own that saves to this directory."""
    place, socket = tmp_path / "disk", tmp_path / "redis.sock"
    place.mkdir()
    where = ["--unixsocket", str(socket), "--dir", str(place), "--save", "3600 1"]
    with subprocess.Popen([*REDIS, *where], stdout=subprocess.DEVNULL) as server:
        await_true(socket.exists, "Redis does not start")
        settings.REDIS_URL = f"unix://{socket}"
        yield place
        server.kill()  # SIGTERM would have it save, and stay where it cannot


def test_a_redis_that_refuses_writes_is_named(well, disk_of_redis):
    disk_of_redis.rmdir()
    there = health.store()
    there.bgsave()
    failed = "Redis could save"
    await_true(lambda: there.info("persistence")["rdb_last_bgsave_status"] == "err", failed)
    assert "redis" in not_well()


def test_a_database_that_is_down_is_named_alone(well, monkeypatch):
    """Names such as `crl-differs` would send the operator after faults that nobody has found."""

    def down():
        raise OperationalError("gone")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(connection, "cursor", down)
        answer = ask().json()
    assert (answer["not_well"], answer["to_do"]) == (["database"], [])


def test_a_single_check_that_the_database_does_not_answer_is_named(well, monkeypatch):
    def late():
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setitem(health.CHECKS, "signer-silent", late)
    assert not_well() == ["signer-silent"]


def test_a_connection_that_is_given_up_half_way_is_named_and_not_a_page(well, monkeypatch):
    faults = [OperationalError("no answer")]

    def lost():
        raise faults.pop() if faults else InterfaceError("connection already closed")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(connection, "cursor", lost)
        assert "database" in not_well()


def test_a_beat_that_gives_no_sign_of_life_is_named(well):
    health.store().delete("heartbeat:beat")
    assert not_well() == ["beat"]


def test_a_sign_of_life_from_before_the_clock_was_put_back_is_none(well):
    later = clock.now() + timedelta(hours=1)
    health.store().set("heartbeat:ca", later.isoformat())
    assert not_well() == ["worker-ca"]


@pytest.mark.parametrize(("proved", "to_do"), [("off", ["approvals-not-proved"]), ("all", [])])
def test_that_nobody_s_passkey_is_asked_for_is_said(well, settings, proved, to_do):
    settings.PORTAL_ENV, settings.APPROVERS_PROVE = "development", proved
    assert ask().json()["to_do"] == to_do


def test_a_mail_that_an_address_refuses_is_to_do_and_not_unwell(well):
    item(queue="mail", failed_at=clock.now())
    response = ask()
    assert response.status_code == 200
    assert response.json() == {"status": "well", "not_well": [], "to_do": ["undelivered-mail"]}


def test_papers_without_a_seal_are_to_do_and_not_unwell(sample, published, beating):
    response = ask()
    assert response.status_code == 200
    assert response.json()["to_do"] == ["seal"]


def test_a_seal_that_ends_soon_is_to_do(sealing, monkeypatch):
    assert health.sealed()
    soon = sealing.certificate.not_valid_after_utc - health.CA_NOTICE
    monkeypatch.setattr(clock, "now", lambda: soon)
    assert not health.sealed()


def test_mails_of_which_none_goes_out_are_named(well):
    for _ in range(2):
        item(queue="mail", attempts=2)
    assert ask().status_code == 200
    item(queue="mail", failed_at=clock.now())
    assert not_well() == ["mail"]
    item(queue="mail", done_at=clock.now() + timedelta(hours=1))  # by a clock since set back
    assert not_well() == ["mail"]
    item(queue="mail", done_at=clock.now())
    assert ask().status_code == 200


def put_off(mailbox, *, tries=200, **fields):
    problem = f"PutOff {mark_of(mailbox)}"
    return item(queue="mail", attempts=tries, problem=problem, **fields)


def test_a_mailbox_that_puts_its_mails_off_for_days_is_not_unwell(well):
    """Three mails to one full mailbox, nothing else in the queue, for four days."""
    for hours in (96, 95, 94):
        put_off("matti@example.fi", created_at=clock.now() - timedelta(hours=hours))
    assert ask().json() == {"status": "well", "not_well": [], "to_do": []}


def test_a_mail_put_off_for_days_that_our_server_fails_once_is_not_unwell(well):
    mail = put_off("matti@example.fi", created_at=clock.now() - timedelta(days=3))
    for times in range(1, health.MANY_ATTEMPTS + 1):
        OutboxItem.objects.filter(pk=mail.pk).update(due_at=clock.now())
        leased = outbox.lease(mail.pk, mail.task, now=clock.now())
        outbox.postpone(leased, Resting("mail server"), now=clock.now())
        assert (ask().status_code == 200) == (times < health.MANY_ATTEMPTS), times
    assert not_well() == ["mail"]


def test_full_mailboxes_after_which_mails_went_out_say_nothing_about_the_server(well):
    before = clock.now() - timedelta(days=2)
    for name in ("matti", "maija", "kalle"):
        put_off(f"{name}@example.fi", created_at=before)
    item(queue="mail", created_at=before, done_at=clock.now() - timedelta(days=1))
    assert ask().status_code == 200


def test_a_server_that_puts_off_the_mails_of_every_mailbox_is_named(well):
    for name in ("matti", "maija"):
        put_off(f"{name}@example.fi", tries=3)
    assert ask().status_code == 200
    put_off("kalle@example.fi", tries=3)
    assert not_well() == ["mail"]


def test_a_server_that_fails_the_only_mail_for_minutes_is_named(well):
    mail = item(queue="mail", attempts=health.MANY_ATTEMPTS - 1, problem="Unavailable")
    assert ask().status_code == 200
    OutboxItem.objects.filter(pk=mail.pk).update(attempts=health.MANY_ATTEMPTS)
    assert not_well() == ["mail"]


def test_a_mail_that_somebody_gave_up_was_not_sent(well, riitta, now):
    for _ in range(3):
        item(queue="mail", attempts=2, problem="Unavailable")
    refused = item(queue="mail", failed_at=now, problem="Undeliverable")
    set_aside.give_up(refused.pk, "Osoite on väärä.", actor=system("test"), now=now)
    assert not_well() == ["mail"]


def test_another_cas_list_in_a_lists_place_is_named_until_the_next_list(well, now):
    own, other = repository.crl_path("sote-ec-1"), repository.crl_path("sote-test-ec-1")
    own.write_bytes(other.read_bytes())
    assert not_well() == ["crl-of-another"]
    services.publish_crls(now=clock.now())
    assert ask().status_code == 200


def test_a_list_that_was_changed_under_its_signature_is_named(well):
    path = repository.crl_path("sote-ec-1")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert not_well() == ["crl-of-another"]


def test_a_roots_list_in_another_roots_place_is_named(well):
    path = repository.crl_path("root-ec-1")
    path.write_bytes(repository.crl_path("root-test-ec-1").read_bytes())
    assert not_well() == ["crl-of-another"]


def test_a_branch_without_a_ca_is_named(well):
    IssuingCA.objects.filter(environment="test", branch="ec").update(state=IssuingCA.State.RETIRED)
    assert not_well() == ["ca"]


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
        rewrite(IssuingCA.objects, crl_number=0)
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
    settings.REGISTER = {"BACKEND": "accounts.register.source.codeserver.CodeServer"}
    rewrite(RegisterRun.objects, started_at=clock.now() - timedelta(days=30))
    assert not_well() == ["register"]


def test_only_names_are_told(cas, beating):
    assert set(ask().json()) == {"status", "not_well", "to_do"}


def test_livez_asks_nobody(client):
    """Without the database fixture a query would fail the test."""
    response = client.get("/livez")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_a_scanner_that_does_not_answer_is_named(well, settings):
    backend = "tests.doubles.scanner.InMemory"
    settings.SCANNER = {"BACKEND": backend, "OPTIONS": {"answers": False}}
    assert not_well() == ["scanner"]
