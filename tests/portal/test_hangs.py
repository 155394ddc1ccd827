"""Redis, the database and the mail server accept connections and never answer; the rest goes on."""

import json
import os
import shutil
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import messages
from tests.benchmarks.harness import percentile
from tests.journeys.steps import await_true
from tests.portal.silence import Wire, dripping_server, mute_server
from tests.stack import Stack, database_url

PAGES = ("/fi/", "/livez", "/fi/eligibility/")
PAGE_WITHIN = 5.0
PAUSE = messages.broker._pause
ANSWER_WITHIN = 20.0
"""Far from what a page takes, and from what it would wait without a limit: for ever."""


@pytest.fixture
def stack(transactional_db, cas, settings):
    """The service's processes, none of them started yet."""
    made = Stack(Path(settings.PORTAL_DATA))
    yield made
    made.stop()


def seconds_of(act):
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def status_of(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def p95_of_pages(stack, *more, status=200, rounds=10):
    """Return the seconds within which 95 % of the pages come, each well or with the status."""
    taken = []
    for path in (*PAGES, *more) * rounds:
        begun = time.monotonic()
        assert status_of(stack.base + path) in {200, status}
        taken.append(time.monotonic() - begun)
    return percentile(taken, 0.95)


def give_feedback(stack):
    """Fill in the form as a browser does; what is sent is stored and handed to a worker."""
    url = f"{stack.base}/fi/feedback/"
    said = {"about": "idea", "text": "Hyvä palvelu."}
    request = urllib.request.Request(url, urllib.parse.urlencode(said).encode())
    request.add_header("Origin", stack.base)
    return seconds_of(lambda: urllib.request.urlopen(request, timeout=60).read())


def status(case):
    case.refresh_from_db()
    return case.status


def freeze(stack, name):
    os.kill(stack.processes[name].pid, signal.SIGSTOP)


def thaw(stack, name):
    os.kill(stack.processes[name].pid, signal.SIGCONT)


def tried(stack):
    """Return how often web has waited for the broker in vain."""
    return (stack.data / "log" / "web.log").read_text().count("broker_unavailable")


def test_a_redis_that_is_frozen_holds_one_sending_request_in_each_pause(stack):
    stack.start("broker", "web")
    stack.await_web()
    give_feedback(stack)
    freeze(stack, "broker")
    taken = give_feedback(stack)
    assert taken < ANSWER_WITHIN
    assert tried(stack) == 1
    taken += give_feedback(stack)
    # Within the pause nobody waits; on a slow machine the pause may be over.
    assert tried(stack) == 1 or taken > PAUSE
    assert p95_of_pages(stack) < PAGE_WITHIN
    assert seconds_of(lambda: status_of(f"{stack.base}/healthz")) < ANSWER_WITHIN
    thaw(stack, "broker")
    assert OutboxItem.objects.filter(topic="feedback.given").count() == 3
    stack.start("default", "mail", "beat")
    unsent = OutboxItem.objects.filter(done_at=None, topic="feedback.given")
    await_true(lambda: not unsent.exists(), "feedback was not mailed", seconds=60)


@pytest.fixture
def wire(tmp_path):
    """The way to the database: its socket file, in another directory."""
    directory = Path(parse_qs(urlsplit(os.environ["DATABASE_URL"]).query)["host"][0])
    place = Path("/tmp") / f"wire-{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)  # of a run that was killed
    place.mkdir()
    made = Wire(place / ".s.PGSQL.5432", directory / ".s.PGSQL.5432")
    yield made
    made.close()
    shutil.rmtree(place)


def test_a_database_that_never_answers_gives_error_pages_at_once_and_is_back_by_itself(stack, wire):
    place = Path("/tmp") / f"wire-{os.getpid()}"
    through = urlsplit(database_url())._replace(query=f"host={place}&port=5432").geturl()
    stack.start("broker", "web", extra={"DATABASE_URL": through})
    stack.await_web()
    reading = "/fi/register/?q=apteekki"
    asked = stack.base + reading
    assert status_of(asked) == 200
    wire.freeze()
    assert seconds_of(lambda: status_of(asked)) < ANSWER_WITHIN  # the first one finds out
    assert status_of(asked) == 503
    assert p95_of_pages(stack, reading, status=503) < PAGE_WITHIN  # no longer one by one
    wire.thaw()
    await_true(lambda: status_of(asked) == 200, "the database stays away", seconds=30)


def test_a_mail_server_that_never_answers_delays_no_order(stack, matti):
    now = clock.now()
    stack.start("broker")
    case = orders.submitted(matti, "test_system_signature")
    mails = OutboxItem.objects.filter(queue="mail", done_at=None)
    OutboxItem.objects.bulk_create(
        OutboxItem(
            topic="feedback.given",
            task="certportal.mail_feedback",
            queue="mail",
            payload={"about": "idea", "text": "x", "email": "", "language": "fi"},
            created_at=now - timedelta(minutes=1),
            due_at=now - timedelta(minutes=1),
        )
        for _ in range(12)
    )
    with mute_server() as port:
        stack.environment |= {"SMTP_URL": f"smtp://127.0.0.1:{port}"}
        stack.start("default", "mail", "ca", "beat")
        stack.await_worker("default")
        await_true(lambda: status(case) != "checking", "the order waits", seconds=30)
        tried = mails.filter(attempts__gt=0)
        await_true(lambda: tried.count() >= 12, "mails wait for one another", seconds=120)
        assert mails.count() >= 12
    stack.halt("mail")
    stack.environment |= {"SMTP_URL": ""}
    stack.start("mail")
    OutboxItem.objects.filter(done_at=None).update(due_at=clock.now() - timedelta(minutes=1))
    await_true(lambda: not mails.exists(), "mails were lost", seconds=60)


def unwell(stack):
    try:
        with urllib.request.urlopen(f"{stack.base}/healthz", timeout=30) as answer:
            return json.load(answer)["not_well"]
    except urllib.error.HTTPError as error:
        return json.load(error)["not_well"]


def test_an_identity_provider_that_drips_holds_up_nobody_else_and_is_named(stack):
    begin = b"HTTP/1.1 200 OK\r\nX-Long: "
    with dripping_server(begin, b"x") as port:
        stack.start("broker", "web", extra={"OIDC_ISSUER": f"http://127.0.0.1:{port}"})
        stack.await_web()
        p95_of_pages(stack)
        leaving = f"{stack.base}/fi/account/login/start/"
        with ThreadPoolExecutor(8) as people:
            answers = [people.submit(status_of, leaving) for _ in range(16)]
            assert p95_of_pages(stack) < PAGE_WITHIN
        # Some are told to try again later: they all come from one address.
        assert {answer.result() for answer in answers} - {429} == {503}
        assert "identification" in unwell(stack)
