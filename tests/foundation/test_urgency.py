"""What hurries goes first in its queue, and what waits for the same worker is done together."""

import pytest
from celery import current_app
from django.db.models import Q

from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox, sweeper

pytestmark = pytest.mark.django_db
ROUTES = {
    "paper": [("tests.paper", "default")],
    "package": [("tests.package", "default")],
    "seal": [("tests.seal", "ca")],
}


@pytest.fixture
def done(settings, monkeypatch):
    """What was done in turn, by tasks that this test alone knows."""
    settings.OUTBOX_ROUTES = ROUTES
    monkeypatch.setattr(outbox, "_works", {})
    monkeypatch.setattr("celery.canvas.Signature.apply_async", lambda self, **_: None)
    told: list[str] = []

    def does(name, **options):
        def handler(*, item, now):
            told.append(name)

        outbox.task(f"tests.{name}", **options)(handler)

    does("paper", first=~Q(topic="paper"))
    does("package")
    does("seal")
    yield told
    for name in ("paper", "package", "seal"):
        current_app.tasks.pop(f"tests.{name}", None)


def take(topic: str) -> None:
    """Let a worker take the message of the topic's oldest item."""
    item = OutboxItem.objects.filter(topic=topic).earliest("created_at")
    current_app.tasks[item.task].run(item=str(item.pk))


def test_what_hurries_is_done_before_what_was_asked_for_earlier(done):
    for topic in ("paper", "package", "package"):
        outbox.enqueue(topic, now=clock.now())
    take("paper")
    assert done == ["package", "package", "paper"]
    take("package")  # its message comes later, and finds it done
    assert done == ["package", "package", "paper"]


def test_nothing_of_another_queue_is_done(done):
    outbox.enqueue("seal", now=clock.now())
    outbox.enqueue("paper", now=clock.now())
    take("paper")
    assert done == ["paper"]


def test_what_fails_does_not_keep_others_waiting(done, monkeypatch):
    def fails(**_):
        raise ValueError("broken")

    monkeypatch.setitem(outbox._works, "tests.package", outbox.Work(fails))
    outbox.enqueue("package", now=clock.now())
    outbox.enqueue("paper", now=clock.now())
    take("paper")
    assert done == ["paper"]
    assert OutboxItem.objects.get(topic="package").problem.startswith("ValueError")


def test_what_waits_is_done_together_and_alone_if_one_fails(done):
    items = [outbox.enqueue("package", now=clock.now())[0] for _ in range(3)]
    alone, together = [], []

    def one(*, item, now):
        alone.append(item.pk)
        if item.pk == items[1].pk:
            raise ValueError("broken")

    def many(*, items, now):
        together.append(len(items))
        raise ValueError("one of them is broken")

    outbox.perform(one, str(items[0].pk), "tests.package", many)
    assert together == [3]
    assert set(alone) == {item.pk for item in items}
    open_ = OutboxItem.objects.filter(done_at=None)
    assert [item.pk for item in open_] == [items[1].pk]
    OutboxItem.objects.filter(pk=items[1].pk).update(done_at=None, due_at=clock.now())
    more = outbox.enqueue("package", now=clock.now())[0]
    outbox.perform(one, str(more.pk), "tests.package", lambda **_: None)
    assert not open_.all().exists()


def test_what_waits_is_done_although_what_hurries_never_ends(done, monkeypatch):
    def brings_more(*, item, now):
        outbox.enqueue("package", now=clock.now())

    monkeypatch.setitem(outbox._works, "tests.package", outbox.Work(brings_more))
    outbox.enqueue("package", now=clock.now())
    outbox.enqueue("paper", now=clock.now())
    take("paper")
    assert done == ["paper"]
    assert OutboxItem.objects.filter(topic="package", done_at=None).count() == 1


def test_what_another_worker_took_over_from_a_slow_one_is_left_to_it(done, now):
    items = [outbox.enqueue("package", now=now)[0] for _ in range(2)]
    alone = []

    def slow(*, items, now):
        """Fails, after so long that another worker has taken the second item."""
        later = clock.now() + 2 * outbox.lease_time()
        assert outbox.lease(items[1].pk, "tests.package", now=later)
        raise ValueError("slow and broken")

    outbox.perform(
        lambda *, item, now: alone.append(item.pk), str(items[0].pk), "tests.package", slow
    )
    assert alone == [items[0].pk]
    taken = OutboxItem.objects.get(pk=items[1].pk)
    assert taken.done_at is None
    assert taken.leased_until is not None


def test_what_was_taken_along_by_a_worker_that_died_is_sent_again(done, now):
    items = [outbox.enqueue("package", now=now)[0] for _ in range(3)]

    def dies(**_):
        raise SystemExit

    with pytest.raises(SystemExit):
        outbox.perform(dies, str(items[0].pk), "tests.package", dies)
    assert not OutboxItem.objects.filter(leased_until=None).exists()
    later = clock.now() + 2 * outbox.lease_time()
    assert sweeper.sweep(now=later) == len(items)
    assert all(outbox.lease(item.pk, item.task, now=later) for item in items)


def test_what_another_worker_holds_is_not_taken_along(done, now):
    held, own = (outbox.enqueue("package", now=now)[0] for _ in range(2))
    assert outbox.lease(held.pk, "tests.package", now=now)
    seen = []
    outbox.perform(
        lambda *, item, now: seen.append(item.pk),
        str(own.pk),
        "tests.package",
        lambda **_: seen.append("together"),
    )
    assert seen == [own.pk]


def test_what_waits_for_its_next_attempt_can_be_made_due(done, now):
    waiting = outbox.enqueue("package", now=now)[0]
    outbox.postpone(outbox.lease(waiting.pk, waiting.task, now=now), ValueError("not yet"), now=now)
    outbox.hasten(OutboxItem.objects.filter(topic="package"), now=now)
    assert outbox.lease(waiting.pk, waiting.task, now=now)
