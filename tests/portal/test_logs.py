"""What stands in the log: what happened, and not that the service is alive."""

import json
import logging
import re
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from django.db import Error, IntegrityError, OperationalError, transaction
from django.test import Client

from accounts.models import Person, User
from certportal.foundation import clock
from certportal.foundation.database.statements import execute
from certportal.foundation.errors import Unavailable
from certportal.operations import health
from certportal.operations.logs import NoRoutine


def record(name, message, level=logging.INFO):
    return logging.LogRecord(name, level, __file__, 1, message, None, None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("celery.beat", "Scheduler: Sending due task sweep (foundation.sweep)"),
        ("celery.worker.strategy", "Task portal.beat[1] received"),
        ("celery.app.trace", "Task portal.beat[1] succeeded in 0.01s: None"),
        ("django_structlog.celery.receivers", {"event": "task_started", "task": "portal.beat"}),
    ],
)
def test_heartbeats_and_sweeps_leave_the_log_unless_they_fail(name, message):
    assert not NoRoutine().filter(record(name, message))
    assert NoRoutine().filter(record(name, message, logging.WARNING))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("celery.app.trace", "Task applications.check[1] succeeded in 0.1s: None"),
        ("celery.beat", "Scheduler: Sending due task publish-crls (issuance.publish_crls)"),
        ("certportal.foundation.outbox.outbox", {"event": "item_not_free", "task": "portal.beat"}),
    ],
)
def test_other_work_stays_in_it(name, message):
    assert NoRoutine().filter(record(name, message))


@pytest.fixture
def written(monkeypatch):
    """Return the list of the records that the handler of all lines writes."""
    (handler,) = [
        one for one in logging.getLogger().handlers if NoRoutine in map(type, one.filters)
    ]
    records = []
    monkeypatch.setattr(handler, "emit", records.append)
    return records


@pytest.fixture
def lines(monkeypatch):
    """Return the stream to which the handler of all lines writes."""
    (handler,) = [
        one for one in logging.getLogger().handlers if NoRoutine in map(type, one.filters)
    ]
    monkeypatch.setattr(handler, "stream", stream := StringIO())
    return stream


@pytest.mark.parametrize("log", [structlog.get_logger("service"), logging.getLogger("django")])
def test_an_error_of_the_database_is_told_without_the_rows_that_it_quotes(db, lines, log):
    address, nameless = "matti@example.fi", Person(family_name="Meikäläinen")
    nameless.given_name, nameless.created_at = None, clock.now()
    User.objects.create(username=address)
    for wrong in (
        lambda: User.objects.create(username=address),
        nameless.save,
        lambda: execute(f"SELECT '{address}'::another"),  # a statement has its values in it
    ):
        try:
            with transaction.atomic():
                wrong()
        except Error:
            log.exception("not_done")
    told = [json.loads(line)["exception"] for line in lines.getvalue().splitlines()]
    for error, words in zip(told, ("duplicate key", "null value", "does not exist"), strict=True):
        assert error.count(words) == 2  # the driver's error, and Django's
        assert not re.search("DETAIL|LINE|@example|Meik", error)


def test_nor_does_the_log_of_postgresql_quote_them(db):
    """Neither in the error's details nor in the statement, which has its values in it."""
    address = f"{uuid4()}@example.fi"
    User.objects.create(username=address)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username=address)
    ((folder,),) = execute("SELECT current_setting('data_directory')")
    told = (Path(folder).parent / "postgres.log").read_text(errors="replace")
    assert "duplicate key value violates unique constraint" in told
    assert address not in told


def test_the_handler_of_all_lines_has_the_filter(written):
    structlog.get_logger("celery.worker.strategy").info("task_started", task="portal.beat")
    structlog.get_logger("celery.worker.strategy").info("task_started", task="issuance.issue")
    assert len(written) == 1


def test_a_verified_passkey_is_no_line_and_a_warning_about_one_is(written):
    logging.getLogger("fido2.server").info("Credential authenticated: 00ff")
    assert written == []
    logging.getLogger("fido2.server").warning("The attestation cannot be read")
    assert [one.levelno for one in written] == [logging.WARNING]


def test_a_request_for_another_host_is_a_warning_of_one_line(written, client):
    assert client.get("/fi/", headers={"host": "evil.example"}).status_code == 400
    (told,) = [one for one in written if "evil.example" in one.getMessage()]
    assert (told.levelname, told.exc_info) == ("WARNING", None)


@pytest.mark.parametrize("fault", [ZeroDivisionError("broken"), Unavailable("register")])
def test_an_answer_that_fails_is_one_line_of_an_error_with_its_cause(written, monkeypatch, fault):
    def failing(*args, **kwargs):
        raise fault

    monkeypatch.setattr(health, "found", failing)
    client = Client(raise_request_exception=False)
    answer = client.get("/healthz")
    assert answer.status_code == (503 if isinstance(fault, Unavailable) else 500)
    (told,) = [one for one in written if one.levelno >= logging.ERROR]
    assert told.msg["code"] == answer.status_code
    assert any(str(fault) in str(one.msg) or one.exc_info for one in written)


@pytest.mark.parametrize(
    ("place", "fault", "status"),
    [
        ("django.contrib.auth.get_user", TypeError("who is this"), 500),
        ("django.contrib.sessions.backends.db.SessionStore.load", OperationalError("gone"), 503),
    ],
)
def test_a_request_that_fails_before_its_log_is_told_with_its_path_and_cause(
    written, monkeypatch, db, place, fault, status
):
    def failing(*args, **kwargs):
        raise fault

    client = Client(raise_request_exception=False)
    client.session.save()
    monkeypatch.setattr(place, failing)
    assert client.get("/fi/palaute/").status_code == status
    told = [one for one in written if one.levelno >= logging.ERROR]
    (line,) = [one for one in told if "/fi/palaute/" in one.getMessage()]
    assert str(fault) in line.getMessage() or line.exc_info[1] is fault
    assert bool(line.exc_info) == (status == 500)  # the database's own words are enough
