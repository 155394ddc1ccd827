"""The log of events: building it, verifying it, and a run without new events."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from django.test import override_settings

from issuance import services
from issuance.services.event_log import build, key
from tests.benchmarks.harness import cpu_rates, figure, own_database

EVENTS = 200_000
_INSERT = """
    INSERT INTO foundation_event (at, actor, action, object_type, object_id, organisation_id,
        refused, data, request_id)
    SELECT now(), 'person:' || n %% 1000, 'application.submit', 'application', n::text,
        gen_random_uuid(), false,
        jsonb_build_object('version', n %% 9, 'status', 'checking', 'sha256', repeat('ab', 32)),
        gen_random_uuid()::text
    FROM generate_series(1, %s) n
"""


def run():
    """Work in a database and a folder of their own, which are removed again."""
    with own_database(), tempfile.TemporaryDirectory() as place:
        password = Path(place, "password")
        password.write_text("a password of the benchmark")
        chosen = {"CA_KEYS_DIR": place, "CA_KEY_PASSWORD_FILE": str(password)}
        with override_settings(PORTAL_DATA=Path(place), **chosen):
            key.make("log.example.fi/events")
            with connection.cursor() as cursor:
                cursor.execute(_INSERT, [EVENTS])
            return list(figures())


def figures():
    """Rates of one process."""
    yield figure("events taken into the log", EVENTS / _seconds(build.extend_wholly), "1/s")
    yield figure("events verified", EVENTS / _seconds(services.verify_audit), "1/s")
    yield figure("a run without new events, CPU", 1000 / cpu_rates([build.extend])[0], "ms")


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
