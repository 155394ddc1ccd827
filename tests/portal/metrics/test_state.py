"""What the process `metrics` tells, with orders, work and lists as the services make them."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import OperationalError, connection

from accounts.register.models import Kind
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.foundation import clock, step_durations
from certportal.foundation.models import OutboxItem
from certportal.operations import health
from certportal.operations.metrics import state as read_state
from issuance import services
from issuance.models import Certificate, IssuingCA
from issuance.publication.shared import index
from tests.authorities import publish_roots

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _nothing_measured():
    """Begin as a new signer does, and leave nothing to the next test."""
    step_durations.forget()
    yield
    step_durations.forget()
    keys = (f"{kind}:{queue}" for queue in health.QUEUES for kind in ("heartbeat", "measures"))
    health.store().delete(*keys, "failing:ca")


def work(**fields):
    now = clock.now()
    about = {"topic": "application.notice", "task": "applications.send_notice", "queue": "mail"}
    return OutboxItem.objects.create(**{**about, "created_at": now, "due_at": now, **fields})


def test_work_is_told_by_topic_state_and_age(state):
    then = clock.now() - HOUR
    work(created_at=then, due_at=then + HOUR / 2, attempts=3)
    work()
    work(topic="person.mail", failed_at=clock.now())
    work(topic="certificate.confirmed", queue="ca", done_at=clock.now())
    told = state()
    assert told["outbox_items", "mail", "waiting", "application.notice"] == 1
    assert told["outbox_items", "mail", "retried", "application.notice"] == 1
    assert told["outbox_items", "mail", "set_aside", "person.mail"] == 1
    assert told["outbox_age_seconds", "mail", "application.notice"] == pytest.approx(3600, abs=60)
    late = told["outbox_overdue_seconds", "mail", "application.notice"]
    assert late == pytest.approx(1800, abs=60)
    assert not [key for key in told if "certificate.confirmed" in key]


def test_orders_are_told_by_status_and_lateness(state, matti, now):
    first, second = (orders.submitted(matti) for _ in range(2))
    Application.objects.filter(pk=first.pk).update(
        status=Status.IN_REVIEW, due_on=clock.day(now) - timedelta(days=1)
    )
    Application.objects.filter(pk=second.pk).update(
        status=Status.IN_REVIEW, due_on=clock.day(now) + timedelta(days=1)
    )
    orders.draft(matti)
    told = {key[1:]: value for key, value in state().items() if key[0] == "orders"}
    assert told == {("late", "in_review"): 1, ("in_time", "in_review"): 1}


def test_certificates_are_told_ahead_of_their_end(state, matti, riitta, cas, monkeypatch):
    orders.delivered(matti, riitta)
    ends = Certificate.objects.get().not_after
    assert not [key for key in state() if key[0] == "certificates_ending"]
    monkeypatch.setattr(clock, "now", lambda: ends - timedelta(days=10))
    told = {key[1:]: value for key, value in state().items() if key[0] == "certificates_ending"}
    assert told == {(days, "production"): int(days != "7") for days in ("7", "30", "60", "90")}


def test_lists_are_told_by_age_and_time_left(state, cas, now):
    services.publish_crls(now=now - HOUR)
    told = state()
    own = IssuingCA.objects.values_list("stem", flat=True)
    for stem in own:
        # Dated a little before it is made, for clocks that are behind.
        assert HOUR.seconds <= told["crl_age_seconds", stem, "ca"] < 2 * HOUR.seconds
        assert told["crl_left_seconds", stem, "ca"] > 24 * HOUR.seconds
        assert told["ca_left_seconds", stem, "ca"] > 24 * HOUR.seconds
    roots = {key[1] for key in told if key[0] == "crl_left_seconds" and key[2] == "root"}
    assert roots and {told["crl_left_seconds", stem, "root"] for stem in roots} == {0}
    publish_roots(Path(configured.PORTAL_DATA), now=now)
    assert all(state()["crl_left_seconds", stem, "root"] > 0 for stem in roots)


def test_registers_are_told_by_age(state, sample, settings):
    told = state()
    assert 0 <= told["register_age_seconds", Kind.SOTE_UNIT] < HOUR.seconds
    assert ("register_most_seconds", Kind.SOTE_UNIT) not in told  # imported by hand
    settings.REGISTER = {"BACKEND": "a.source", "MAX_AGE": 3 * HOUR}
    assert state()["register_most_seconds", Kind.SOTE_UNIT] == 3 * HOUR.seconds


def test_a_register_that_was_never_imported_is_infinitely_old(state):
    assert state()["register_age_seconds", Kind.SOTE_UNIT] == float("inf")


def test_what_the_signer_measures_is_told_from_its_heartbeat(state, matti, riitta, cas, settings):
    orders.delivered(matti, riitta)
    assert not [key for key in state() if key[0].startswith("signer")]
    settings.PORTAL_PROCESS = "ca"
    health.beat()
    told = state()
    assert told["signer_seconds_count", "issue"] == 1
    assert told["signer_seconds_bucket", "+Inf", "issue"] == 1
    assert told["signer_seconds_count", "lint"] >= 1
    assert told["signer_seconds_sum", "lint"] > 0


def test_an_issue_that_fails_is_no_measure():
    with pytest.raises(OSError), step_durations.timed(step_durations.Step.ISSUE):
        raise OSError
    assert step_durations.told() == {}


@pytest.mark.parametrize(
    "said",
    [
        *("[", "[1]", '{"nothing": [[], 1]}', '{"issue": [[1], 1]}', '{"issue": [["x"], 1]}'),
        '{"issue": [[Infinity, 0, 0, 0, 0, 0, 0, 0, 0], 1]}',
        '{"issue": [[1%s, 0, 0, 0, 0, 0, 0, 0, 0], 1]}' % ("0" * 400),
        "[" * 200_000,
    ],
    ids=lambda said: said[:40],
)
def test_what_no_signer_says_is_not_believed(state, said):
    health.store().set("measures:ca", said)
    told = state()
    assert told["part_read", "signer"] == 0
    assert not [key for key in told if key[0].startswith("signer")]


def test_what_is_unwell_and_to_do_is_told_as_healthz_does(state, client, sample, settings):
    settings.PORTAL_PROCESS = "mail"
    health.beat()
    work(failed_at=clock.now())
    told = state()
    answer = client.get("/healthz").json()
    assert sorted(key[1] for key, is_so in told.items() if key[0] == "unwell" and is_so) == sorted(
        answer["not_well"]
    )
    assert told["unwell", "worker-mail"] == 0
    assert told["unwell", "worker-ca"] == 1
    assert (told["to_do", "undelivered-mail"], told["to_do", "reconcile"]) == (1, 0)
    assert told["to_do", "seal"] == 1


def test_a_database_that_is_away_is_told_and_ends_no_scrape(state, monkeypatch):
    def away(*_, **__):
        raise OperationalError("gone")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(connection, "cursor", away)
        told = state()
    assert told.pop(("unwell", "database")) == 1
    assert told == {("part_read", name): 0 for name in read_state.PARTS}


def test_a_redis_that_is_away_leaves_what_the_database_says(state, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    work()
    told = state()
    assert told["unwell", "redis"] == 1
    unread = [key[1] for key, is_so in told.items() if key[0] == "part_read" and not is_so]
    assert unread == ["signer"]
    assert told["outbox_items", "mail", "waiting", "application.notice"] == 1


def test_a_scrape_asks_few_questions_however_much_there_is(
    state, matti, cas, now, django_assert_max_num_queries
):
    services.publish_crls(now=now)
    for _ in range(3):
        orders.submitted(matti)
        work()
        work(topic="person.mail", failed_at=now)
    with django_assert_max_num_queries(30):
        state()


def test_no_person_organisation_or_order_is_told(scraped, matti, riitta, cas):
    application = orders.delivered(matti, riitta)
    other = orders.submitted(matti)
    work(payload={"person": str(matti.pk)}, problem="PutOff matti@example.fi")
    told = scraped()
    organisation = application.organisation
    for secret in (
        *(application.number, other.number, str(application.pk), str(matti.pk)),
        *(organisation.name, "9900001-8", "Matti", "Riitta", "@", "erecept"),
        Certificate.objects.get().serial,
    ):
        assert secret not in told, secret
    names = set(re.findall(r'(\w+)="', told))
    assert names == {
        *("name", "queue", "topic", "state", "status", "lateness", "list", "of", "ca"),
        *("register", "part"),
    }


def test_measures_are_json():
    with step_durations.timed(step_durations.Step.LINT):
        pass
    assert (
        step_durations.heard(json.loads(json.dumps(step_durations.told())))[
            step_durations.Step.LINT
        ].seconds
        > 0
    )


def test_the_age_of_the_copy_in_the_shared_store_is_told_where_there_is_one(
    state, cas, settings, still
):
    assert ("store_copy_age_seconds",) not in state()
    settings.STORE_URL = "https://s3.example.fi/varmenteet"
    assert state()["store_copy_age_seconds",] == float("inf")
    index.note(1, clock.now() - HOUR)
    told = state()
    assert told["store_copy_age_seconds",] == 3600
    assert told["unwell", "store-copy"] == 1
    index.note(2, clock.now())
    assert state()["unwell", "store-copy"] == 0
