"""The log of events: building and verifying it, a run without new events, requests beside it."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from certportal.dev.builders import people
from issuance import services
from issuance.services.event_log import build, key
from tests.benchmarks.harness import Figure, cpu_rates, figure, own_database, percentile

EVENTS = int(os.environ.get("EVENTS", 200_000))
"""How many events the log is made of; ``EVENTS=10000000`` takes about half an hour."""
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
            client = people.log_in(Client(), people.make_person("Matti Meikäläinen"))
            few = request_p95(client)
            with connection.cursor() as cursor:
                cursor.execute(_INSERT, [EVENTS])
                cursor.execute("VACUUM (ANALYZE) foundation_event")
            measured = [*figures(), request_figure(request_p95(client), few)]
            return measured


def figures():
    """Rates of one process, by the clock and by its own processor time."""
    for what, work in (
        (f"{EVENTS:,} events taken into the log", build.extend_wholly),
        (f"{EVENTS:,} events verified", services.verify_audit),
    ):
        by_clock, by_cpu = _seconds(work)
        yield figure(what, EVENTS / by_clock, "1/s")
        yield figure(f"{what}, per CPU second of the process", EVENTS / by_cpu, "1/s")
    yield figure("a run without new events, CPU", 1000 / cpu_rates([build.extend])[0], "ms")


def request_p95(client: Client, *, rounds: int = 9, requests: int = 200) -> float:
    """Return the 95th percentile, in ms, of a request that records an event: the rounds' median.

    The person chooses a language; the page that says so is then fetched outside the measure.
    """
    path = reverse("accounts:profile")
    found = []
    for _ in range(rounds):
        times = []
        for turn in range(requests):
            begun = time.perf_counter()
            answer = client.post(path, {"language": ("fi", "sv")[turn % 2]})
            times.append(1000 * (time.perf_counter() - begun))
            assert answer.status_code == 302, answer.status_code
            client.get(answer.url)
        found.append(percentile(times, 0.95))
    return median(found)


def request_figure(many: float, few: float) -> Figure:
    """Return the 95th percentile beside all events, whose floor is that beside few."""
    return figure(f"a request that records an event, beside {EVENTS:,}: p95", many, "ms", few)


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return how long the work takes: by the clock, and of this process's processor time."""
    begun, begun_cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - begun_cpu
