"""The outbox loses nothing and does everything at least once."""

import errno
from datetime import timedelta
from uuid import uuid4

import pytest
from celery import current_app
from django.db import InterfaceError, OperationalError, transaction

from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.files.documents import NotStored
from certportal.foundation.mail.sending import PutOff, Undeliverable
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox, sweeper

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(settings, now):
    settings.OUTBOX_ROUTES = {"bell": [("tests.ring", "default")]}
    return outbox.enqueue("bell", now=now, times=3)[0]


def works(**_):
    pass


def fails(**_):
    raise ValueError("broken")


def waits(**_):
    raise Unavailable("bell")


def again(item):
    """Let the pause be over."""
    OutboxItem.objects.filter(pk=item.pk).update(due_at=clock.now())


def test_a_topic_makes_one_item_for_each_who_hears_it(settings, now):
    settings.OUTBOX_ROUTES = {"bell": [("tests.ring", "default"), ("tests.listen", "ca")]}
    items = outbox.enqueue("bell", now=now, times=3)
    assert {(item.task, item.queue) for item in items} == {
        ("tests.ring", "default"),
        ("tests.listen", "ca"),
    }


def test_a_topic_nobody_hears_is_refused(settings, now):
    settings.OUTBOX_ROUTES = {}
    with pytest.raises(KeyError):
        outbox.enqueue("bell", now=now)


def test_the_handler_gets_the_payload_and_the_item_is_done_once(item):
    seen = []
    outbox.perform(lambda **given: seen.append(given["times"]), str(item.pk), "tests.ring")
    outbox.perform(lambda **given: seen.append(given["times"]), str(item.pk), "tests.ring")
    assert seen == [3]


def test_a_leased_item_is_not_taken_by_another_worker_until_the_lease_ends(item, now):
    assert outbox.lease(item.pk, "tests.ring", now=now)
    assert outbox.lease(item.pk, "tests.ring", now=now + timedelta(seconds=1)) is None
    assert outbox.lease(item.pk, "tests.ring", now=now + outbox.lease_time() + timedelta(seconds=1))


def test_what_is_to_be_done_at_once_is_taken_by_a_worker_whose_clock_is_behind(item, now):
    (other,) = outbox.enqueue("bell", now=now, times=3)
    behind = now - timedelta(seconds=10)
    leased = outbox.lease(item.pk, "tests.ring", now=behind)
    assert outbox.lease_more("tests.ring", most=9, now=behind) == [other]
    outbox.postpone(leased, Unavailable("bell"), now=now)
    assert outbox.lease(item.pk, "tests.ring", now=behind) is None
    assert outbox.lease_more("tests.ring", most=9, now=behind) == []


def test_an_error_postpones_with_growing_pauses(item, now):
    outbox.perform(fails, str(item.pk), "tests.ring")
    item.refresh_from_db()
    first = item.due_at - now
    again(item)
    outbox.perform(fails, str(item.pk), "tests.ring")
    item.refresh_from_db()
    assert item.due_at - clock.now() > first - timedelta(seconds=1)
    assert (item.attempts, item.done_at, item.problem) == (2, None, "ValueError")


def test_an_error_that_never_ends_is_set_aside_for_an_operator(item):
    OutboxItem.objects.filter(pk=item.pk).update(attempts=outbox.MOST_ATTEMPTS)
    outbox.perform(fails, str(item.pk), "tests.ring")
    item.refresh_from_db()
    assert item.failed_at


def test_a_mail_that_can_never_be_delivered_is_set_aside_at_once(item, now):
    def refuse(**_):
        raise Undeliverable

    outbox.perform(refuse, str(item.pk), "tests.ring")
    item.refresh_from_db()
    assert (item.attempts, item.done_at, item.problem) == (1, None, "Undeliverable")
    assert item.failed_at
    assert sweeper.sweep(now=now + timedelta(days=1)) == 0


@pytest.mark.parametrize(
    "passing",
    [
        Unavailable("bell"),
        OSError(errno.ENOSPC, "No space left on device"),
        NotStored(),
        OperationalError("could not extend file: No space left on device"),
        InterfaceError("connection already closed"),
    ],
    ids=["source", "disk", "store", "database", "connection"],
)
def test_what_is_down_or_full_is_waited_for_without_end(item, passing):
    def meets(**_):
        raise passing

    OutboxItem.objects.filter(pk=item.pk).update(attempts=10 * outbox.MOST_ATTEMPTS)
    outbox.perform(meets, str(item.pk), "tests.ring")
    item.refresh_from_db()
    assert item.failed_at is None
    assert item.due_at <= clock.now() + outbox.LONGEST_PAUSE


@pytest.mark.parametrize(
    "of_another_version",
    [lambda *, item, now: None, lambda *, item, now, times, pitch: None],
    ids=["told less", "told more"],
)
def test_what_only_a_worker_of_another_version_understands_is_left_to_it(item, of_another_version):
    OutboxItem.objects.filter(pk=item.pk).update(attempts=outbox.MOST_ATTEMPTS)
    outbox.perform(of_another_version, str(item.pk), "tests.ring")
    item.refresh_from_db()
    assert (item.failed_at, item.done_at, item.problem) == (None, None, "OfAnotherVersion")
    again(item)
    seen = []
    outbox.perform(lambda *, item, now, times: seen.append(times), str(item.pk), "tests.ring")
    assert seen == [3]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("person.mail", {"kind": "greeting"}),
        ("person.mail", {}),
        ("reviewer.mail", {"notice": "greeting"}),
        (
            "application.notice",
            {"application": str(uuid4()), "notice": "greet", "recipient": ""},
        ),
    ],
)
def test_a_mail_that_only_another_version_has_is_left_to_it(now, topic, payload):
    (item,) = outbox.enqueue(topic, now=now, **payload)
    OutboxItem.objects.filter(pk=item.pk).update(attempts=outbox.MOST_ATTEMPTS)
    current_app.autodiscover_tasks(force=True)
    current_app.tasks[item.task](item=str(item.pk))
    item.refresh_from_db()
    assert (item.failed_at, item.done_at, item.problem) == (None, None, "OfAnotherVersion")


def test_what_no_version_understands_is_set_aside_for_an_operator(item):
    long_ago = clock.now() - timedelta(hours=2)
    OutboxItem.objects.filter(pk=item.pk).update(attempts=outbox.MOST_ATTEMPTS, created_at=long_ago)
    outbox.perform(lambda *, item, now: None, str(item.pk), "tests.ring")
    item.refresh_from_db()
    assert item.failed_at


def test_with_the_broker_down_the_change_stands_and_the_sweeper_hands_over_later(
    settings, now, monkeypatch, transactional_db
):
    settings.OUTBOX_ROUTES = {"bell": [("tests.ring", "default")]}
    sent = []

    def refuse(*_args, **_more):
        raise ConnectionError

    monkeypatch.setattr("celery.canvas.Signature.apply_async", refuse)
    with transaction.atomic():
        (item,) = outbox.enqueue("bell", now=now)
    monkeypatch.setattr(
        "celery.canvas.Signature.apply_async", lambda self, **_: sent.append(self.kwargs["item"])
    )
    assert sweeper.sweep(now=now + timedelta(minutes=1)) == 1
    assert sent == [str(item.pk)]


def test_the_sweeper_leaves_fresh_leased_and_done_items_alone(item, now):
    assert sweeper.sweep(now=now) == 0
    outbox.lease(item.pk, "tests.ring", now=now)
    assert sweeper.sweep(now=now + timedelta(seconds=30)) == 0
    outbox.finish(item, now=now)
    assert sweeper.sweep(now=now + timedelta(hours=1)) == 0


@pytest.fixture
def messages(monkeypatch):
    """What the broker was given."""
    sent = []
    monkeypatch.setattr(
        "celery.canvas.Signature.apply_async", lambda self, **_: sent.append(self.kwargs["item"])
    )
    return sent


@pytest.mark.parametrize("name", ["due_at", "leased_until", "handed_at"])
def test_what_was_dated_ahead_of_the_clock_is_done_now(item, now, name):
    OutboxItem.objects.update(**{name: now + timedelta(days=400)})
    assert sweeper.sweep(now=now) == 0  # the clock was put back
    assert sweeper.sweep(now=now + timedelta(minutes=1)) == 1
    outbox.perform(works, str(item.pk), "tests.ring")
    item.refresh_from_db()
    assert item.done_at is not None


@pytest.mark.parametrize("name", ["due_at", "leased_until", "handed_at"])
def test_a_pause_and_a_lease_are_let_run_out(item, now, name):
    soon = now + timedelta(hours=1, minutes=4)
    OutboxItem.objects.update(**{name: soon})
    sweeper.sweep(now=now + timedelta(hours=1))
    item.refresh_from_db()
    assert getattr(item, name) == soon


def test_the_sweeper_sends_an_item_once_in_a_leases_time(item, now, messages):
    later = now + timedelta(minutes=1)
    for second in range(0, 60, 5):
        sweeper.sweep(now=later + timedelta(seconds=second))
    assert messages == [str(item.pk)]
    assert sweeper.sweep(now=later + outbox.lease_time()) == 1


def test_what_was_handed_over_again_can_be_taken_and_its_next_try_is_not_held_up(
    item, now, messages
):
    later = now + timedelta(minutes=1)
    sweeper.sweep(now=later)
    outbox.postpone(outbox.lease(item.pk, "tests.ring", now=later), Unavailable("bell"), now=later)
    assert sweeper.sweep(now=later + timedelta(seconds=10)) == 1


@pytest.mark.parametrize("error", [Unavailable("mail server"), Undeliverable("mail server")])
def test_a_suspended_worker_frees_no_item_that_another_one_has_taken(settings, now, error):
    """A mail that is being sent would be sent by a third one, or be told of as undelivered."""
    settings.OUTBOX_ROUTES = settings.OUTBOX_ROUTES | {"bell": [("tests.ring", outbox.MAIL)]}
    item = outbox.enqueue("bell", now=now)[0]
    late = outbox.lease(item.pk, "tests.ring", now=now)
    later = now + outbox.lease_time() + timedelta(seconds=1)
    held = outbox.lease(item.pk, "tests.ring", now=later)
    outbox.postpone(late, error, now=later)
    item.refresh_from_db()
    assert (item.leased_until, item.failed_at) == (held.leased_until, None)
    assert outbox.lease(item.pk, "tests.ring", now=later) is None
    assert not OutboxItem.objects.filter(topic=outbox.UNDELIVERED).exists()


def test_an_item_whose_worker_died_is_sent_again_when_its_lease_ends(item, now, messages):
    later = now + timedelta(minutes=1)
    sweeper.sweep(now=later)
    outbox.lease(item.pk, "tests.ring", now=later + timedelta(seconds=1))
    assert sweeper.sweep(now=later + outbox.lease_time() + timedelta(seconds=2)) == 1


def test_a_broker_still_down_does_not_hold_an_item_up(item, now, monkeypatch):
    def refuse(*_args, **_more):
        raise ConnectionError

    later = now + timedelta(minutes=1)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("celery.canvas.Signature.apply_async", refuse)
        assert sweeper.sweep(now=later) == 0
    monkeypatch.setattr("celery.canvas.Signature.apply_async", lambda self, **_: None)
    assert sweeper.sweep(now=later + timedelta(seconds=5)) == 1


def put_off(**_):
    """A full mailbox."""
    error = PutOff("mail server")
    error.mark = "0123456789abcdef"
    raise error


PUT_OFF = "PutOff 0123456789abcdef"


def tried(item, act):
    """Let the item be tried once more; return it as it is then."""
    again(item)
    outbox.perform(act, str(item.pk), "tests.ring")
    item.refresh_from_db()
    return item


def had(item, *, attempts, problem, since):
    """Let the item have been tried so often in vain."""
    rows = OutboxItem.objects.filter(pk=item.pk)
    rows.update(attempts=attempts, problem=problem, created_at=clock.now() - since)


@pytest.mark.parametrize(("days", "given_up"), [(4.9, False), (5, True)])
def test_a_mailbox_that_puts_a_mail_off_is_given_up_after_five_days(item, days, given_up):
    had(item, attempts=int(days * 24 * 12), problem=PUT_OFF, since=timedelta(days=days))
    tried(item, put_off)
    assert item.problem == PUT_OFF
    assert bool(item.failed_at) == given_up


def test_a_mailbox_first_asked_when_our_server_is_back_after_days_has_half_a_day(item):
    had(item, attempts=1500, problem="Unavailable", since=timedelta(days=5, hours=5))
    tried(item, put_off)
    assert (item.failed_at, item.attempts) == (None, 1)
    had(item, attempts=PutOff.most_attempts - 2, problem=PUT_OFF, since=timedelta(days=6))
    assert tried(item, put_off).failed_at is None
    assert tried(item, put_off).failed_at
    assert PutOff.most_attempts * outbox.LONGEST_PAUSE == timedelta(hours=12)


def test_attempts_of_a_mailbox_do_not_count_as_those_of_the_server(item):
    had(item, attempts=800, problem=PUT_OFF, since=timedelta(days=3))
    assert tried(item, waits).attempts == 1
    assert tried(item, waits).attempts == 2
