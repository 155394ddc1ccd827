"""Lists of all orders as CSV files: time to the first row and to the last, memory of the server.

All orders belong to one account, whose own list is exported too. Memory is the growth of the web
server's processes above what they had at rest before the export: their peak during it, and what
they keep afterwards. BENCH_EXPORT is the number of orders, of which 92 in a hundred are delivered;
the database is filled once and kept.
"""

import http.client
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import people
from issuance.models import Certificate
from tests.benchmarks.harness import Figure, figure
from tests.benchmarks.many_orders import kept_database
from tests.benchmarks.pages import cookie
from tests.benchmarks.processes import in_session, peak_of, resident_of, watch_peak
from tests.stack import Stack

ORDERS = int(os.environ.get("BENCH_EXPORT", "110000"))
FIRST, WHOLE, GROWN = 0.5, 15.0, 30.0
"""Allowed: seconds to the first row, seconds for the whole file, MiB more than at rest."""


@dataclass(frozen=True)
class Export:
    """A list, who asks for it, and about how many rows it must have."""

    name: str
    person: Person
    path: str
    rows: int


@dataclass(frozen=True)
class Taken:
    """Seconds to the first row and to the end, rows without the head."""

    first: float
    whole: float
    rows: int


def run() -> list[Figure]:
    """Work in a database that is kept, with a web server of its own for each list."""
    settings.ALLOWED_HOSTS = ["*"]
    with kept_database(ORDERS, of_one=True):
        return [each for export in exports() for each in figures(export)]


def exports() -> list[Export]:
    """Return the console's largest list, a search in it, and the lists of the account."""
    riitta = Person.objects.get(given_name="Riitta")
    matti = Person.objects.get(given_name="Matti", family_name="Meikäläinen")
    queue, delivered = reverse("console:queue_csv"), Status.DELIVERED
    found = Application.objects.filter(status=delivered).count()
    return [
        Export("the delivered orders", riitta, f"{queue}?status={delivered}", found),
        Export("a search", riitta, f"{queue}?q=resepti", 1),
        Export(
            "an account's orders",
            matti,
            f"{reverse('applications:orders_csv')}?stage=all",
            Application.objects.filter(created_by=matti).count(),
        ),
        Export(
            "an account's certificates",
            matti,
            reverse("certificates_csv"),
            Certificate.objects.count(),
        ),
    ]


def figures(export: Export) -> Iterator[Figure]:
    """Yield what the list takes a web server that has answered other requests before."""
    header = cookie(people.log_in(Client(), export.person))
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), redis_number=0)
        stack.start("web")
        try:
            stack.await_web()
            nothing = export.path.partition("?")[0] + "?q=olematon-zzz"
            ask(stack.port, nothing, header)  # what is loaded for the first request
            processes = in_session(stack.processes["web"].pid)
            rest = sum(map(resident_of, processes))
            for each in processes:
                watch_peak(each)
            taken = ask(stack.port, export.path, header)
            peak, kept = sum(map(peak_of, processes)), sum(map(resident_of, processes))
        finally:
            stack.stop()
    assert taken.rows >= 0.99 * export.rows, f"{export.name}: {taken.rows} rows of {export.rows}"
    what = f"CSV of {export.name}, {taken.rows:,} rows"
    yield figure(f"{what}: first row", taken.first, "s", FIRST)
    yield figure(f"{what}: whole", taken.whole, "s", WHOLE)
    yield figure(f"{what}: memory more than at rest, peak", peak - rest, "MiB", GROWN)
    yield figure(f"{what}: memory more than at rest, afterwards", kept - rest, "MiB", GROWN)


def ask(port: int, path: str, header: str) -> Taken:
    """Read the whole file as it comes."""
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    begun, lines, first = time.perf_counter(), 0, 0.0
    server.request("GET", path, headers={"Host": "localhost", "Cookie": header})
    answer = server.getresponse()
    assert answer.status == 200, (path, answer.status)
    while part := answer.read1(65536):
        lines += part.count(b"\n")  # a part may end between CR and LF
        if not first and lines > 1:  # the head comes before anything was read
            first = time.perf_counter() - begun
    return Taken(first, time.perf_counter() - begun, lines - 1)
