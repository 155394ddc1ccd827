"""What workers try out with each heartbeat stands in /healthz, where nothing is tried."""

import os
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from certportal.dev.builders import memory
from certportal.dev.builders.hierarchy import issuing
from certportal.foundation.database import database_clock
from certportal.operations import health, self_checks
from issuance import signers
from issuance.authority.places import PLACES
from issuance.journal import files
from issuance.signers.file import KeyFiles
from tests.full_disk import full_disk
from tests.postgres import private_database


@pytest.fixture
def beats(settings):
    """Let a worker beat, and return what /healthz then says of what only workers try."""

    def beats(queue):
        settings.PORTAL_PROCESS = queue
        health.beat()
        settings.PORTAL_PROCESS = "web"
        return found()

    yield beats
    keys = (key for queue in health.QUEUES for key in (f"heartbeat:{queue}", f"failing:{queue}"))
    health.store().delete(*keys)


def found():
    named = Client().get("/healthz").json()["not_well"]
    return [name for name in named if name in self_checks.NAMES]


@pytest.fixture
def key_files(cas, settings, tmp_path):
    """The keys of the four CAs, in files."""
    folder, password = tmp_path / "keys", tmp_path / "password"
    folder.mkdir(mode=0o700)
    password.write_text("only for tests")
    settings.CA_KEYS_DIR, settings.CA_KEY_PASSWORD_FILE = str(folder), str(password)
    for place in PLACES:
        signer = issuing(place)
        KeyFiles().store(place.stem, signer.private_key, signer.chain)
    settings.ISSUANCE_SIGNER = {"BACKEND": "issuance.signers.file.KeyFiles"}
    signers.forget()
    yield folder
    signers.forget()


def test_key_files_that_were_moved_away_are_named_though_the_worker_still_has_them(
    key_files, beats
):
    assert beats("ca") == []
    aside = key_files.rename(key_files.with_name("elsewhere"))
    assert beats("ca") == ["ca-key"]
    aside.rename(key_files)
    assert beats("ca") == []


def test_a_key_out_of_reach_is_named(cas, beats):
    signers.forget()
    signer = issuing(PLACES[0])
    memory.drop(PLACES[0].stem)
    assert beats("ca") == ["ca-key"]
    memory.put(PLACES[0].stem, signer)
    assert beats("ca") == []


def test_a_journal_whose_disk_is_full_is_named(cas, beats):
    assert beats("ca") == []
    with full_disk(files.path("").parent):
        assert beats("ca") == ["journal"]
    assert beats("ca") == []


def test_a_resolver_that_is_not_fit_waits_for_a_person(db, beats, monkeypatch):
    """Orders go on meanwhile, so no load balancer may take the machine out."""
    monkeypatch.setitem(self_checks.SELF_CHECKS["default"], "resolvers", lambda: False)
    assert beats("default") == []
    told = Client().get("/healthz").json()
    assert "resolvers" in told["to_do"] and "resolvers" not in told["not_well"]


@pytest.mark.parametrize("queue", ["ca", "default"])
def test_a_clock_that_is_not_the_database_s_is_named(cas, beats, monkeypatch, queue):
    wrong = timezone.now() + timedelta(minutes=2)
    monkeypatch.setattr(database_clock, "machine_time", lambda: wrong)
    assert beats(queue) == [f"clock-{queue}"]


def test_the_public_call_tries_nothing(cas, beats):
    """What the worker found stands until its next beat, whoever asks meanwhile."""
    assert beats("ca") == []
    with full_disk(files.path("").parent):
        assert found() == []


def change(*statements):
    """Run statements as sessions that begin later see them."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def own(server, folder):
    owner = (server.folder / "data").stat()
    os.chown(folder, owner.st_uid, owner.st_gid)


@contextmanager
def disk_full(server):
    """Let the server's new tables go to a disk with 64 kB."""
    place = server.folder / "small"
    place.mkdir()
    own(server, place)
    change(
        f"CREATE TABLESPACE small LOCATION '{place}'",
        "ALTER DATABASE postgres SET temp_tablespaces = small",
    )
    (version,) = place.iterdir()
    with full_disk(place):
        if place.is_dir():
            version.mkdir()
            own(server, place)
            own(server, version)
        yield
    change("ALTER DATABASE postgres RESET temp_tablespaces")


def test_a_database_whose_disk_is_full_or_that_only_reads_is_named(transactional_db, beats):
    with private_database() as server:
        assert beats("default") == []
        with disk_full(server):
            assert beats("default") == ["database-write"]
        assert beats("default") == []
        change("ALTER DATABASE postgres SET default_transaction_read_only = on")
        assert beats("default") == ["database-write"]


def test_a_disk_of_documents_that_is_full_is_named(transactional_db, beats, settings, tmp_path):
    """No order is begun and no document stored meanwhile, though the database has room."""
    here = settings.STORAGES["default"] | {"OPTIONS": {"location": str(tmp_path / "attachments")}}
    settings.STORAGES = settings.STORAGES | {"default": here}
    assert beats("default") == []
    with full_disk(tmp_path / "attachments"):
        assert beats("default") == ["documents"]
    assert beats("default") == []


def test_a_silent_worker_is_named_itself_and_its_findings_are_forgotten(cas, beats):
    with full_disk(files.path("").parent):
        assert beats("ca") == ["journal"]
    assert 30 <= health.store().ttl("failing:ca") <= 35
