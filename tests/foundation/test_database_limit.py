"""The database's answers are awaited with a limit, whatever number the connection's file has."""

import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg2
import pytest
from django.db import connection

from certportal.foundation.database import database_limit
from tests.portal.silence import mute_server
from tests.stack import free_port

LIMITED_BY_SELECT = 1024
"""FD_SETSIZE: `select` cannot wait for a file descriptor of this number or a greater one."""


@pytest.fixture
def crowded() -> Iterator[None]:
    """Whatever is opened gets a descriptor beyond what `select` knows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * LIMITED_BY_SELECT), hard))
    with ExitStack() as opened:
        while True:
            one = os.open(os.devnull, os.O_RDONLY)
            opened.callback(os.close, one)
            if one >= LIMITED_BY_SELECT:
                break
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is not known to be silent, neither before nor after the test."""
    monkeypatch.setattr(database_limit, "_silent_until", 0.0)


@pytest.mark.django_db
@pytest.mark.usefixtures("crowded", "remembered")
def test_a_process_with_a_thousand_open_files_hears_the_database() -> None:
    facts = {**connection.get_connection_params(), "async_": True}
    facts.pop("cursor_factory")
    asked = psycopg2.connect(**facts)
    try:
        database_limit.wait(asked)
        assert asked.fileno() > LIMITED_BY_SELECT
        cursor = asked.cursor()
        cursor.execute("SELECT 6 * 7")
        database_limit.wait(asked)
        assert cursor.fetchone() == (42,)
    finally:
        asked.close()


@pytest.mark.usefixtures("remembered")
def test_a_server_that_accepts_and_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_limit, "ANSWER_WITHIN", 0.3)
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        asked = psycopg2.connect(host="127.0.0.1", port=port, dbname="orders", async_=True)
        with pytest.raises(psycopg2.OperationalError, match="does not answer in time"):
            database_limit.wait(asked)
        asked.close()


@pytest.mark.usefixtures("remembered")
def test_who_asks_for_a_shorter_time_gets_it_in_the_block_only() -> None:
    """As for `/healthz`: without it, this test would wait for `ANSWER_WITHIN`."""
    with mute_server() as port, database_limit.answering_within(0.1):
        asked = psycopg2.connect(host="127.0.0.1", port=port, dbname="orders", async_=True)
        begun = time.monotonic()
        with pytest.raises(psycopg2.OperationalError):
            database_limit.wait(asked)
        assert time.monotonic() - begun < database_limit.ANSWER_WITHIN
        asked.close()
    assert database_limit._within.get() is None


@pytest.mark.django_db
@pytest.mark.usefixtures("remembered")
def test_a_statement_that_waits_for_a_lock_does_not_make_the_server_silent_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own page fails after the limit; every other page has the whole time for its answer."""
    facts = {**connection.get_connection_params(), "async_": True}
    facts.pop("cursor_factory")
    with connection.cursor() as holder:
        holder.execute("SELECT pg_advisory_xact_lock(77)")
        asked = psycopg2.connect(**facts)
        database_limit.wait(asked)
        monkeypatch.setattr(database_limit, "ANSWER_WITHIN", 0.3)
        asked.cursor().execute("SELECT pg_advisory_lock(77)")
        with pytest.raises(psycopg2.OperationalError, match="does not answer in time"):
            database_limit.wait(asked)
        asked.close()
    assert database_limit._silent_until == 0.0


@pytest.mark.usefixtures("remembered")
def test_a_server_that_greets_nobody_is_silent_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_limit, "ANSWER_WITHIN", 0.1)
    monkeypatch.setattr(database_limit, "GREETED_WITHIN", 0.1)
    with mute_server() as port:
        asked = psycopg2.connect(host="127.0.0.1", port=port, dbname="orders", async_=True)
        with pytest.raises(psycopg2.OperationalError):
            database_limit.wait(asked)
        asked.close()
    assert database_limit._silent_until > time.monotonic()
