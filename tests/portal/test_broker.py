"""Whoever can write to Redis makes the workers do nothing that the database does not say."""

import inspect
import socket
from contextlib import suppress
from datetime import timedelta

import celery
import pytest
import redis
from celery.utils.nodenames import nodename
from django.conf import settings as configured
from django.core.exceptions import ValidationError
from structlog.contextvars import bound_contextvars, get_contextvars

from certportal import wiring
from certportal.celery import app
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.operations import health
from issuance.models import Certificate
from tests.journeys.steps import await_true
from tests.stack import Stack

HEARD = sorted({task for tasks in wiring.ROUTES.values() for task, _ in tasks})
LONG_AGO = timedelta(hours=1)


@pytest.fixture(autouse=True)
def tasks():
    """Every task there is."""
    app.autodiscover_tasks(force=True)
    return app.tasks


def ours():
    return {name for name in app.tasks if not name.startswith("celery.")}


def item_of(task, **payload):
    """An open item of the task, as a service stores it."""
    (queue,) = {where for tasks in wiring.ROUTES.values() for name, where in tasks if name == task}
    then = clock.now() - LONG_AGO
    return OutboxItem.objects.create(
        topic="tests", task=task, queue=queue, payload=payload, created_at=then, due_at=then
    )


def test_every_task_is_one_workers_alone_but_the_heartbeat():
    default, mail, ca = (wiring.tasks_of(queue) for queue in health.QUEUES)
    assert default | mail | ca == ours()
    assert default & mail == default & ca == mail & ca == {"portal.beat"}
    for process in ("web", "beat", "manage"):
        assert wiring.tasks_of(process) == set()


def test_a_message_says_no_more_than_which_item():
    # Questions that anybody may ask, and a head of which only the signatures are believed.
    told = {"issuance.answer_ocsp", "issuance.answer_receipts"} | {
        *["issuance.answer_consistency", "issuance.keep_cosigned"],
    }
    for name in ours() - told:
        taken = list(inspect.signature(app.tasks[name].run, follow_wrapped=False).parameters)
        assert taken == (["item"] if name in HEARD else []), name
    assert configured.CELERY_ACCEPT_CONTENT == ["json"]


@pytest.mark.django_db
@pytest.mark.parametrize("task", HEARD)
def test_no_task_is_performed_on_another_ones_item(task):
    others = [item_of(other) for other in HEARD if other != task]
    for item in others:
        app.tasks[task].run(item=str(item.pk))
        item.refresh_from_db()
        assert (item.attempts, item.leased_until, item.done_at) == (0, None, None), item.task


def test_the_second_look_cannot_be_skipped(matti, riitta, cas):
    case = orders.claimed(matti, riitta, "test_system_signature")
    orders.approve(riitta, case)
    look = OutboxItem.objects.get(task="applications.confirm")
    for task in ("issuance.issue", "issuance.issue_many", "applications.record_issued"):
        app.tasks[task].run(item=str(look.pk))
    assert not Certificate.objects.filter(reference=case.pk).exists()
    orders.drain()
    assert Certificate.objects.filter(reference=case.pk).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("item", ["", "applications.check", 7, None, ["x"], {"pk": "x"}, "%"])
def test_what_is_no_items_id_is_refused(item):
    kept = item_of("applications.check", reference="x")
    with suppress(ValidationError):
        app.tasks["applications.check"].run(item=item)
    kept.refresh_from_db()
    assert kept.attempts == 0


QUESTION = {"stem": "sote-ec-1", "request": "MAA=", "reply_to": f"ocsp-answer:{'0' * 32}"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed",
    [
        {"stem": "../../etc/passwd"},
        {"stem": ["sote-ec-1"]},
        {"stem": "x" * 65},
        {"request": "A" * 20_000},
        {"request": "no base64"},
        {"request": 7},
        {"reply_to": "celery"},
        {"reply_to": f"ocsp-answer:{'0' * 32}\n"},
        {"reply_to": None},
    ],
)
def test_a_question_for_a_status_has_the_form_that_web_gives_it(changed):
    with pytest.raises(ValueError, match="form of a question"):
        app.tasks["issuance.answer_ocsp"].run(**(QUESTION | changed))


# ------------------------------------------------------------------ real workers


@pytest.fixture(scope="module")
def workers(django_db_setup, tmp_path_factory):
    """All three workers, and a broker of their own."""
    stack = Stack(tmp_path_factory.mktemp("service"))
    stack.start("broker", *health.QUEUES)
    try:
        for queue in health.QUEUES:
            stack.await_worker(queue)
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def service(transactional_db, workers):
    """Them, at work on the database of the test."""
    return workers


@pytest.fixture
def attacker(service):
    """Somebody who holds Redis."""
    broker = f"redis+socket://{service.socket}"
    with celery.Celery(broker=broker, set_as_current=False) as own:
        own.conf.task_serializer = "json"
        yield own


def beats(service, attacker, queue):
    """Wait until the queue's worker has done all that was sent before, and lives."""
    store = redis.Redis(unix_socket_path=str(service.socket))
    store.delete(f"heartbeat:{queue}")
    attacker.send_task("portal.beat", queue=queue)
    await_true(lambda: store.exists(f"heartbeat:{queue}"), f"{queue} is gone", seconds=30)


def log_of(service, name):
    return (service.data / "log" / f"{name}.log").read_text()


def untouched(item):
    item.refresh_from_db()
    return (item.attempts, item.leased_until, item.done_at) == (0, None, None)


def test_neither_worker_does_the_others_work_or_celerys_own(service, attacker):
    look = item_of("applications.check", reference="x")
    sign = item_of("issuance.issue", reference="x")
    attacker.send_task(look.task, kwargs={"item": str(look.pk)}, queue="ca")
    attacker.send_task(sign.task, kwargs={"item": str(sign.pk)}, queue="default")
    inner = {"task": look.task, "kwargs": {"item": str(look.pk)}, "args": [], "options": {}}
    for name in ("celery.map", "celery.starmap", "celery.chunks", "celery.group", "celery.chain"):
        for queue in health.QUEUES:
            attacker.send_task(name, args=[inner, [[str(look.pk)]]], queue=queue)
    for queue in health.QUEUES:
        beats(service, attacker, queue)
        assert "Received unregistered task of type 'celery.starmap'" in log_of(service, queue)
    assert untouched(look) and untouched(sign)


def test_further_arguments_and_pickles_are_refused(service, attacker):
    look = item_of("applications.check", reference="x")
    given = {"item": str(look.pk)}
    attacker.send_task(look.task, kwargs=given | {"reference": "y"}, queue="default")
    attacker.send_task(look.task, args=[str(look.pk)], queue="default")
    attacker.send_task("accounts.forget_expired", kwargs={"now": "2000-01-01"}, queue="default")
    attacker.send_task(look.task, kwargs=given, queue="default", serializer="pickle")
    beats(service, attacker, "default")
    assert untouched(look)
    assert "Refusing to deserialize" in log_of(service, "default")


def test_nobody_commands_a_worker(service, attacker):
    for queue in health.QUEUES:
        attacker.control.cancel_consumer(queue)
        attacker.control.add_consumer("other", destination=[nodename(queue, socket.gethostname())])
    attacker.control.shutdown()
    assert attacker.control.inspect(timeout=1).ping() is None
    for queue in health.QUEUES:
        beats(service, attacker, queue)
        assert service.processes[queue].poll() is None


def test_what_a_message_says_of_its_cause_is_not_believed(service, attacker):
    payload = {"about": "idea", "text": "Hei", "email": "", "language": "fi"}
    item = item_of("certportal.mail_feedback", **payload)
    OutboxItem.objects.filter(pk=item.pk).update(request_id="the-request-that-was")
    forged = {"request_id": "forged-request", "ip": "203.0.113.66", "user_id": 1}
    attacker.send_task(
        item.task,
        kwargs={"item": str(item.pk)},
        queue="mail",
        headers={"__django_structlog__": forged},
    )
    done = OutboxItem.objects.filter(pk=item.pk, done_at__isnull=False)
    await_true(done.exists, "no mail", seconds=30)
    beats(service, attacker, "mail")
    assert "forged-request" not in log_of(service, "mail")
    assert "203.0.113.66" not in log_of(service, "mail")


def test_an_item_carries_the_request_that_caused_it(db, now, settings):
    settings.OUTBOX_ROUTES = {"bell": [("tests.ring", "default")]}
    seen = []

    def ring(**_):
        seen.append(get_contextvars().get("request_id"))

    with bound_contextvars(request_id="0f7e"):
        (item,) = outbox.enqueue("bell", now=now)
    outbox.perform(ring, str(item.pk), "tests.ring")
    assert (seen, get_contextvars().get("request_id")) == (["0f7e"], None)
