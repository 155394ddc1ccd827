import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import Settings

from accounts.models import Person, User
from certportal.dev.builders import people
from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.event_log.files import LogFiles, folder
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject
from certportal.foundation.models import Event
from issuance.models import Certificate, IssuingCA
from issuance.services.event_log import build
from tests.issuance.hosts import on
from tests.logged import make_log
from tests.stack import database_url

type Record = Callable[..., Event]
type AsOwner = Callable[..., None]
type OnHost = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def record(now: datetime) -> Record:
    """Records an event about a number."""

    def act(number: int, **data: Any) -> Event:
        about = Subject("test", number)
        return events.record(
            ServiceEvent.FEEDBACK_GIVEN, about, actor=system("test"), now=now, **data
        )

    return act


@pytest.fixture
def keyed(settings: Settings, tmp_path: Path) -> Verifier:
    """The key of a log, whose files are under a folder of this test."""
    return make_log(settings, tmp_path)


@pytest.fixture
def other() -> Iterator[BaseDatabaseWrapper]:
    """Another process's connection to the database."""
    made = connection.copy()
    yield made
    made.close()


def restart() -> None:
    """Have the builder know as little of any log as a process that has just started."""
    build._known.clear()
    build._seen.clear()


def insert(where: BaseDatabaseWrapper, now: datetime) -> int:
    """Insert an event over this connection; return its number."""
    with where.cursor() as cursor:
        cursor.execute(
            "INSERT INTO foundation_event (at, actor, action, object_type, object_id, refused,"
            " data, request_id) VALUES (%s, 'system:x', 'x', 'x', '1', false, '{}', '')"
            " RETURNING id",
            [now],
        )
        return int(cursor.fetchone()[0])


def log_files() -> LogFiles:
    return LogFiles(folder())


def copy_of_log(place: Path) -> None:
    shutil.copytree(folder(), place)


def put_back(place: Path) -> None:
    shutil.rmtree(folder())
    shutil.copytree(place, folder())


@pytest.fixture
def second_place(
    cas: dict[str, IssuingCA], keyed: Verifier, settings: Settings, tmp_path: Path
) -> Path:
    place = tmp_path / "second"
    place.mkdir()
    settings.JOURNAL_COPY = str(place)
    return place


@pytest.fixture
def host(second_place: Path, settings: Settings, tmp_path: Path) -> OnHost:
    return lambda name: on(settings, name, tmp_path)


@pytest.fixture
def points(settings: Settings, tmp_path: Path) -> Path:
    place = tmp_path / "points"
    place.mkdir()
    settings.FAULT_POINTS_DIR = str(place)
    return place


@pytest.fixture
def as_owner(transactional_db: None) -> Iterator[AsOwner]:
    """A connection of the tables' owner, who can do without triggers."""
    connection = psycopg2.connect(database_url())
    connection.autocommit = True

    def act(statement: str, *parameters: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement, parameters)

    yield act
    connection.close()


@pytest.fixture
def in_force(
    cas: dict[str, IssuingCA], keyed: Verifier, riitta: Person, certificate: Certificate
) -> Certificate:
    """A certificate, approved by Riitta; events since the first are in the log."""
    return certificate


@pytest.fixture
def login(keyed: Verifier, riitta: Person) -> User:
    """Riitta's login, with an authenticator app."""
    (login,) = riitta.logins.all()
    people.prove_second_factor(login)
    return login
