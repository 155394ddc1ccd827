"""A message on its way stands for further items of its task; whoever takes it does them all."""

import pytest
import redis
from celery import current_app
from django.db.models import Q

from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import messages, outbox, sweeper

pytestmark = pytest.mark.django_db
ROUTES = {
    "paper": [("tests.paper", "default")],
    "package": [("tests.package", "default")],
}


@pytest.fixture
def done(settings, monkeypatch):
    """The topics of what was done in turn, by tasks that this test alone knows."""
    settings.OUTBOX_ROUTES = ROUTES
    monkeypatch.setattr(outbox, "_works", {})
    told: list[str] = []

    def does(name, **options):
        def handler(*, item, now):
            told.append(name)

        outbox.task(f"tests.{name}", **options)(handler)

    does("paper", first=Q(topic="package"))
    does("package")
    broker, keys = (
        messages._redis(),
        [messages._key(f"tests.{name}") for name in ("paper", "package")],
    )
    broker.delete(*keys)
    yield told
    broker.delete(*keys)
    for name in ("paper", "package"):
        current_app.tasks.pop(f"tests.{name}", None)


@pytest.fixture
def sent(monkeypatch):
    """The task and item of each message given to the broker and not yet taken."""
    told = []
    monkeypatch.setattr(
        "celery.canvas.Signature.apply_async",
        lambda self, **_: told.append((self.task, self.kwargs["item"])),
    )
    return told


@pytest.fixture
def enqueue(django_capture_on_commit_callbacks):
    def enqueue(topic, **options):
        with django_capture_on_commit_callbacks(execute=True):
            (item,) = outbox.enqueue_all(topic, [{}], now=clock.now(), **options)
        return item

    return enqueue


def take(sent):
    """Let a worker take the oldest message."""
    task, item = sent.pop(0)
    current_app.tasks[task].run(item=item)


def test_of_items_enqueued_together_one_message_is_sent_and_all_are_done(enqueue, sent, done):
    for _ in range(3):
        enqueue("package")
    assert len(sent) == 1
    take(sent)
    assert done == ["package"] * 3
    enqueue("package")  # the message before was taken
    assert len(sent) == 1


def test_a_count_that_is_no_number_keeps_no_item_from_its_worker(enqueue, sent, done):
    """Whoever writes to the broker must not be able to hold work up."""
    messages._redis().set(messages._key("tests.package"), "many")
    enqueue("package")
    take(sent)
    enqueue("package")
    take(sent)
    assert done == ["package"] * 2


def test_items_stored_together_are_counted_by_one_question(
    sent, done, monkeypatch, django_capture_on_commit_callbacks
):
    counted, broker = [], messages._redis()
    counting = broker.pipeline
    monkeypatch.setattr(broker, "pipeline", lambda **how: counted.append(how) or counting(**how))
    with django_capture_on_commit_callbacks(execute=True):
        outbox.enqueue_all("package", [{}] * 3, now=clock.now())
    assert (len(counted), len(sent)) == (1, 1)
    take(sent)
    assert done == ["package"] * 3


def test_a_message_for_one_item_asks_for_no_others(enqueue, sent, done, django_assert_num_queries):
    enqueue("package")
    with django_assert_num_queries(2):  # leased, and finished
        take(sent)


def test_each_task_has_messages_of_its_own(enqueue, sent, done):
    enqueue("paper")
    enqueue("package")
    assert [task for task, _ in sent] == ["tests.paper", "tests.package"]


def test_what_hurries_is_done_before_each_further_item(enqueue, sent, done, monkeypatch):
    for _ in range(2):
        enqueue("paper")
    hurries = iter([True])
    perform = outbox.perform

    def meanwhile(*given):
        if next(hurries, False):
            enqueue("package")
        return perform(*given)

    monkeypatch.setattr(outbox, "perform", meanwhile)
    take(sent)
    assert done == ["paper", "package", "paper"]


def test_a_worker_that_is_at_it_for_long_sends_a_message_for_the_rest(
    enqueue, sent, done, monkeypatch
):
    monkeypatch.setattr(outbox, "LONGEST_TURN", 0)
    for _ in range(3):
        enqueue("package")
    for number in (1, 2, 3):
        take(sent)
        assert len(done) == number
    assert sent == []


def test_an_item_done_meanwhile_is_not_done_again(enqueue, sent, done):
    first = enqueue("package")
    second = enqueue("package")
    outbox.finish(first, now=clock.now())
    take(sent)
    second.refresh_from_db()
    assert done == ["package"]
    assert second.done_at


def test_bulk_work_is_left_to_the_sweeper(enqueue, sent, done):
    enqueue("package", paced=True)
    assert sent == []
    for _ in range(2):
        enqueue("package")
    take(sent)
    assert len(done) == 2
    sweeper.sweep(now=clock.now() + outbox.lease_time())
    take(sent)
    assert len(done) == 3


def test_a_lost_message_delays_its_items_until_the_sweeper_comes(enqueue, sent, done):
    for _ in range(2):
        enqueue("package")
    sent.clear()
    sweeper.sweep(now=clock.now() + outbox.lease_time())
    assert len(sent) == 2
    for _ in range(2):
        take(sent)
    assert len(done) == 2


def test_without_the_count_the_message_s_own_item_is_done(enqueue, sent, done, monkeypatch):
    enqueue("package")

    def silent():
        raise redis.TimeoutError

    monkeypatch.setattr(messages, "_redis", silent)
    take(sent)
    assert len(done) == 1
    enqueue("package")
    assert sent == []
    assert OutboxItem.objects.filter(done_at=None).count() == 1


def test_a_count_that_is_no_number_is_no_count(enqueue, sent, done):
    enqueue("package")
    messages._redis().set(messages._key("tests.package"), "much")
    take(sent)
    assert len(done) == 1


def test_a_message_that_nobody_takes_holds_up_others_for_a_moment_only(enqueue, sent, done):
    enqueue("package")
    assert 0 < messages._redis().ttl(messages._key("tests.package")) <= messages.COUNT_LASTS


@pytest.mark.parametrize("turn", ["earlier", "later"])
def test_what_one_test_told_no_worker_takes_in_another(turn):
    task = "applications.prepare_certificate"
    assert messages.taken(task) == 0
    messages._redis().incr(messages._key(task))
