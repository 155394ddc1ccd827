"""A mail server that looks at a mail for longer than a lease lasts: it gets the mail once."""

import threading
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from django.db import OperationalError
from django.db.models import QuerySet

from certportal import env
from certportal.foundation import clock, deadline, redis_store
from certportal.foundation.mail import mails, sending, smtp
from certportal.foundation.mail.mails import Mail, To
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.operations import health, probe
from tests.stack import free_port

pytestmark = pytest.mark.django_db
NEWS = Mail(
    "tests/news", lambda _asked: "news", lambda _matter, _asked: To("aino@example.fi", "fi"), dict
)


class Looking:
    """Keeps what is sent, and answers to the end of a mail when it is let."""

    def __init__(self):
        self.mails, self.let = [], threading.Event()

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope.content)
        await server.loop.run_in_executor(None, self.let.wait, 30)
        return "250 OK"


class Timer:
    """A time limit that a test can let be over."""

    begun = []

    def __init__(self, seconds, over):
        self.seconds, self.over, self.is_off = seconds, over, False

    def start(self):
        Timer.begun.append(self)

    def cancel(self):
        self.is_off = True


@pytest.fixture
def looking(settings, tmp_path, monkeypatch):
    """The server; the client asks whether it has answered as often as it can."""
    monkeypatch.setattr(Timer, "begun", [])
    monkeypatch.setattr(deadline.threading, "Timer", Timer)
    controller = Controller(Looking(), hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.MAILERS = {"default": env.mailer(f"smtp://127.0.0.1:{controller.port}", tmp_path)}
    monkeypatch.setattr(smtp, "AT_FIRST_SECONDS", 0)
    monkeypatch.setattr(smtp, "LEASE_PARTS", 10**6)
    yield controller.handler
    controller.handler.let.set()
    controller.stop()


@pytest.fixture
def item(settings, now, monkeypatch):
    monkeypatch.setattr(mails, "render", lambda *_given: ("Uutinen", "Valmis."))
    settings.OUTBOX_ROUTES = {"news": [("tests.tell", "mail")], "mail.undelivered": []}
    return outbox.enqueue("news", now=now)[0]


def tell(*, item, now):
    mails.send(NEWS, item, now=now)


def perform(item):
    outbox.perform(tell, str(item.pk), "tests.tell")
    item.refresh_from_db()


def test_the_lease_is_renewed_until_the_server_answers(looking, item, monkeypatch):
    hold, ahead, taken = outbox.hold_longer, [], []

    def held(leased, *, now):
        """Most of a lease has passed each time; another worker comes by."""
        ahead.append(timedelta(seconds=50 * len(ahead)))
        assert hold(leased, now=now + ahead[-1])
        later = now + ahead[-1] + timedelta(seconds=50)
        taken.append(outbox.lease(item.pk, "tests.tell", now=later))
        if len(ahead) == 5:
            looking.let.set()
        return True

    monkeypatch.setattr(outbox, "hold_longer", held)
    perform(item)

    assert (item.done_at is not None, item.attempts) == (True, 1)
    assert len(looking.mails) == 1
    assert len(ahead) >= 5
    assert set(taken) == {None}


def test_a_mail_that_was_handed_over_has_ten_minutes(looking, item, settings, monkeypatch):
    """RFC 5321, 4.5.3.2.6. Then QUIT has the time of one reply."""
    monkeypatch.setattr(outbox, "hold_longer", lambda *_given, **_more: looking.let.set())
    perform(item)
    timeout = settings.MAILERS["default"]["OPTIONS"]["timeout"]
    assert [each.seconds for each in Timer.begun] == [sending.WHOLE_SECONDS, 600, timeout]
    assert all(each.is_off for each in Timer.begun)


def test_a_server_that_never_answers_is_given_up_after_them(looking, item, monkeypatch):
    monkeypatch.setattr(outbox, "hold_longer", lambda *_given, **_more: Timer.begun[-1].over())
    perform(item)
    assert item.done_at is None
    assert item.problem.startswith("Unavailable")
    assert OutboxItem.objects.get().due_at > clock.now()


def test_meanwhile_the_worker_counts_as_alive(looking, item, settings, monkeypatch):
    """Its pool runs two tasks at once: two such mails keep it from writing its heartbeat."""
    settings.PORTAL_PROCESS = "mail"
    with redis_store.connect() as shared:
        shared.delete(probe.heartbeat_of("mail"))
    monkeypatch.setattr(outbox, "hold_longer", lambda *_given, **_more: None)

    def seen(**_signal):
        if health.is_alive("mail", health.read_signs()):
            looking.let.set()

    mails.at_server.connect(seen)
    try:
        perform(item)
    finally:
        mails.at_server.disconnect(seen)
    assert item.done_at is not None


def test_before_a_mail_is_handed_over_too(looking, item, monkeypatch):
    """Two mails, of which each may take a slow server 50 s, occupy the pool as well."""
    handed_over = []
    monkeypatch.setattr(smtp, "BETWEEN_SECONDS", 0)
    mails.at_server.connect(seen := lambda **_signal: handed_over.append(len(looking.mails)))
    looking.let.set()
    try:
        perform(item)
    finally:
        mails.at_server.disconnect(seen)
    assert handed_over[0] == 0
    assert (item.done_at is not None, len(looking.mails)) == (True, 1)


def test_the_answer_is_waited_for_although_the_database_fails(looking, item, monkeypatch):
    def fails(*_given, **_more):
        looking.let.set()
        raise OperationalError("the server was restarted")

    monkeypatch.setattr(outbox, "hold_longer", fails)
    # The connection of the test is sound, and ends with its transaction.
    monkeypatch.setattr(mails.connection, "close_if_unusable_or_obsolete", lambda: None)
    perform(item)
    assert item.done_at is not None


def test_the_lease_is_renewed_once_the_database_answers_again(looking, item, monkeypatch):
    update, asked = QuerySet.update, []

    def at_first_fails(rows, **values):
        if list(values) != ["leased_until"]:
            return update(rows, **values)
        asked.append(values)
        if len(asked) == 1:
            raise OperationalError("the server was restarted")
        renewed = update(rows, **values)
        looking.let.set()
        assert renewed == 1
        return renewed

    monkeypatch.setattr(QuerySet, "update", at_first_fails)
    monkeypatch.setattr(mails.connection, "close_if_unusable_or_obsolete", lambda: None)
    perform(item)
    assert (item.done_at is not None, item.attempts) == (True, 1)


def test_the_lease_is_renewed_although_the_reply_to_the_last_renewal_was_lost(
    looking, item, monkeypatch
):
    update, renewed = QuerySet.update, []

    def lost_at_first(rows, **values):
        count = update(rows, **values)
        if list(values) == ["leased_until"]:
            renewed.append(count)
            if len(renewed) == 1:
                raise OperationalError("server closed the connection unexpectedly")
            looking.let.set()
        return count

    monkeypatch.setattr(QuerySet, "update", lost_at_first)
    monkeypatch.setattr(mails.connection, "close_if_unusable_or_obsolete", lambda: None)
    perform(item)
    assert set(renewed) == {1}
    assert len(renewed) > 1


def test_what_is_refused_before_it_is_handed_over_has_no_ten_minutes(looking, item, monkeypatch):
    async def refuse(_server, _session, envelope, address, _options):
        return "550 5.1.1 No such mailbox"

    looking.handle_RCPT = refuse
    monkeypatch.setattr(outbox, "hold_longer", lambda *_given, **_more: pytest.fail("held"))
    perform(item)
    assert item.failed_at is not None
    assert [each.seconds for each in Timer.begun] == [sending.WHOLE_SECONDS]
