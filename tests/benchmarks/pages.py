"""Pages and searches over many orders: time with one client and with eight, queries, statements.

BENCH_PAGES names the numbers of orders; each database is filled once and kept. With one client the
pages are asked in this process, so that each query is seen; with eight, a web server of its own
answers, with as many processes as `./portal run` has. Of a search its first time counts: nobody
asks twice for the same. BENCH_PAGES_ROUNDS and BENCH_PAGES_SEARCHES make a short try of it.
"""

import gc
import http.client
import os
import random
import re
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from applications.models import Application
from applications.workflow import Status
from certportal import env
from certportal.dev.builders import people
from issuance.models import Certificate
from tests.benchmarks.harness import Figure, figure, percentile
from tests.benchmarks.many_orders import kept_database
from tests.stack import Stack

SIZES = [int(one) for one in os.environ.get("BENCH_PAGES", "10000,1000000").split(",")]
ROUNDS = int(os.environ.get("BENCH_PAGES_ROUNDS", "20"))
SEARCHES = int(os.environ.get("BENCH_PAGES_SEARCHES", "200"))
CLIENTS = 8
MANY_ROUNDS = min(10, ROUNDS)
BROWSER = {"Accept-Encoding": "gzip, deflate, br", "Sec-Fetch-Site": "same-origin"}
"""Headers of a browser in which somebody follows a link of ours."""
WORKERS = {"WEB_CONCURRENCY": "2"}
"""For gunicorn: certportal/shell/processes.sh starts as many."""


@dataclass
class Taken:
    """What asking for a page took: milliseconds of each time, queries, the slowest statement."""

    milliseconds: list[float] = field(default_factory=list)
    queries: int = 0
    slowest: tuple[float, str] = (0.0, "")

    @property
    def p95(self) -> float:
        """The 95th percentile of the times."""
        return percentile(self.milliseconds, 0.95)


@dataclass(frozen=True)
class Page:
    """A page, and who asks for it."""

    name: str
    person: Person | None
    path: str


def run() -> list[Figure]:
    """Return the figures of each size; the floor of a larger one's time is that of the first."""
    settings.ALLOWED_HOSTS = ["*"]
    measured: dict[int, dict[str, Taken]] = {}
    figures: list[Figure] = []
    for size in SIZES:
        with kept_database(size), limits_of_web():
            measured[size] = one_by_one(pages())
            figures += told(size, measured[size], measured[SIZES[0]])
            figures += searches(size)
            figures += at_once(size, pages())
    return figures


@contextmanager
def limits_of_web() -> Iterator[None]:
    """Ask the database as the process `web` does, by whose settings it plans the statements."""
    own = connection.settings_dict["OPTIONS"]
    connection.close()
    connection.settings_dict["OPTIONS"] = env.database(settings.DATABASE_URL, "web")["OPTIONS"]
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = own


def pages() -> list[Page]:
    """Return the main pages, on orders that the real services made, and deep in the lists."""
    riitta = Person.objects.get(given_name="Riitta")
    matti = Person.objects.get(given_name="Matti", family_name="Meikäläinen")
    newest = Application.objects.order_by("-changed_at")
    made = newest.filter(number__startswith="SV-2026")
    queue, case = reverse("console:queue"), made.filter(status=Status.IN_REVIEW)[0].pk
    done = made.filter(status=Status.DELIVERED)[0].pk
    certificate = Certificate.objects.order_by("-pk")[0]
    found = [
        Page("queue", riitta, queue),
        Page("queue, late", riitta, f"{queue}?view=late"),
        Page("queue, mine", riitta, f"{queue}?view=mine"),
        Page("queue, free", riitta, f"{queue}?view=free"),
        Page("queue, delivered", riitta, f"{queue}?status=delivered"),
        Page("queue, a business ID", riitta, f"{queue}?q=9900001-8"),
        Page("queue, a serial number", riitta, f"{queue}?q={certificate.serial}"),
        Page("case in review", riitta, reverse("console:case", args=[case])),
        Page("case delivered", riitta, reverse("console:case", args=[done])),
        Page("events", riitta, reverse("console:events")),
        Page("accounts", riitta, reverse("console:accounts")),
        Page("blocked keys", riitta, reverse("console:blocked_keys")),
        Page("undelivered", riitta, reverse("console:undelivered")),
        Page("home", matti, reverse("home")),
        Page("certificates", matti, reverse("certificates")),
        Page("order", matti, reverse("applications:order", args=[done])),
        Page("start page", None, "/fi/"),
        Page("/healthz", None, "/healthz"),
    ]
    return found + [Page(f"{one.name}, last page", one.person, last(one)) for one in found[:1]]


def last(page: Page) -> str:
    """Return the address of a list's last page."""
    return page.path + "?page=last"


def clients(asked: list[Page]) -> dict[Any, Client]:
    """Return a client for each person who asks, logged in."""
    made: dict[Any, Client] = {None: Client(headers=BROWSER)}
    for person in {page.person for page in asked if page.person}:
        made[person] = people.log_in(Client(headers=BROWSER), person)
    return made


def one_by_one(asked: list[Page]) -> dict[str, Taken]:
    """Ask for the pages in turn, again and again, the first time only to warm up."""
    known, taken = clients(asked), {page.name: Taken() for page in asked}
    gc.collect()
    gc.freeze()  # as in `gunicorn.conf.py`; collecting all that the setup made takes 0.15 s
    gc.set_threshold(10_000)
    for turn in range(ROUNDS + 1):
        for page in asked:
            seen = ask(known[page.person], page.path, taken[page.name])
            if turn:
                taken[page.name].milliseconds.append(seen)
    return taken


def ask(client: Client, path: str, taken: Taken) -> float:
    """Return the milliseconds of a page; note its queries and the slowest of them."""
    statements: list[tuple[float, str]] = []

    def noting(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            statements.append((1000 * (time.perf_counter() - begun), sql))

    with connection.execute_wrapper(noting):
        begun = time.perf_counter()
        answer = client.get(path)
        content = b"".join(answer) if answer.streaming else answer.content
        seconds = time.perf_counter() - begun
    assert answer.status_code in well(path), (path, answer.status_code, content[:500])
    if os.environ.get("BENCH_PAGES_SQL") == path.partition("?")[0]:
        print(path, *(f"{ms:8.2f} {sql}" for ms, sql in statements), sep="\n")
    taken.queries = len(statements)
    taken.slowest = max([taken.slowest, *statements])
    return 1000 * seconds


def well(path: str) -> set[int]:
    """Return the answers of a page that did its work; without workers, health is an error."""
    return {200, 503} if path == reverse("healthz") else {200}


def told(size: int, taken: dict[str, Taken], least: dict[str, Taken]) -> Iterator[Figure]:
    """Yield time, queries and the slowest statement of each page."""
    for name, one in taken.items():
        floor = least[name].p95 if least is not taken else None
        yield figure(f"{size:,} orders, {name}: p95", one.p95, "ms", floor)
        yield figure(f"{size:,} orders, {name}: queries", one.queries, "")
        milliseconds, sql = one.slowest
        if sql:
            yield figure(f"{size:,} orders, {name}: {named(sql)}", milliseconds, "ms")


def named(sql: str) -> str:
    """Return by what a statement is known: its verb, its table and the beginning of its terms."""
    flat = " ".join(sql.replace('"', "").split())
    table = re.search(r"(?:FROM|INTO|UPDATE) ([a-z_]+)", flat)
    terms = flat.partition(" WHERE ")[2]
    return f"{flat.split()[0].strip('(')} {table[1] if table else ''} {terms[:60]}".strip()


def searches(size: int) -> Iterator[Figure]:
    """Yield the time of searches as people type them, and the worst of all with what was typed."""
    riitta = Person.objects.get(given_name="Riitta")
    client, queries = people.log_in(Client(headers=BROWSER), riitta), typed()
    found = [(*searched(client, query), query) for query in ["warm", *queries]][1:]
    again = [searched(client, query)[0] for query in queries]
    times, what = [each[0] for each in found], f"{size:,} orders, {len(queries)} searches"
    worst, (slowest, sql), query = max(found)
    yield figure(f"{what}: p50", percentile(times, 0.5), "ms")
    yield figure(f"{what}: p95", percentile(times, 0.95), "ms")
    yield figure(f"{what}, each once more: p95", percentile(again, 0.95), "ms")
    yield figure(f"{size:,} orders, the slowest search: {query}", worst, "ms")
    yield figure(f"  of it {named(sql)}", slowest, "ms")


def searched(client: Client, query: str) -> tuple[float, tuple[float, str]]:
    """Return the milliseconds of a search and its slowest statement."""
    taken = Taken()
    path = f"{reverse('console:queue')}?{urlencode({'q': query})}"
    return ask(client, path, taken), taken.slowest


def typed() -> list[str]:
    """Return what people search by: numbers, names, words, two words, and what there is not."""
    chance, found = random.Random(5), list[str]()
    numbers = list(Application.objects.order_by("number").values_list("number", flat=True)[:2000])
    some = Application.objects.filter(number__in=chance.sample(numbers, SEARCHES // 10 + 1))
    for order in some.select_related("organisation", "created_by").prefetch_related("host_names"):
        host = next(iter(order.names), "resepti1.example.fi")
        word, _space, kind = order.organisation.name.partition(" ")
        certificate = Certificate.objects.filter(reference=order.pk).first()
        found += [
            order.number,
            order.record_oid,
            host,
            host[:9],
            word,
            f"{word} {host[:5]}",
            f"{kind} {order.created_by.family_name}",
            order.contact_email,
            certificate.serial if certificate else "01FFFF0123456789",
            chance.choice(["olematon", "zz zz", "resepti zzz", "olematon.example.fi", "9999999-9"]),
        ]
    return found[:SEARCHES]


def at_once(size: int, asked: list[Page]) -> Iterator[Figure]:
    """Yield p95 when eight clients ask a web server at once: of all pages, and of the slowest."""
    known = clients(asked)
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), redis_number=0)
        stack.start("web", extra=WORKERS)
        try:
            stack.await_web()
            cookies = {person: cookie(client) for person, client in known.items()}
            with ThreadPoolExecutor(CLIENTS) as pool:
                jobs = [
                    pool.submit(through_http, stack.port, cookies, asked) for _ in range(CLIENTS)
                ]
                times = [taken for job in jobs for taken in job.result()]
        finally:
            stack.stop()
    what = f"{size:,} orders, {CLIENTS} clients"
    yield figure(f"{what}: p95 of all pages", percentile((one for _, one in times), 0.95), "ms")
    each = {name: percentile((one for of, one in times if of == name), 0.95) for name, _ in times}
    slowest = max(each, key=each.__getitem__)
    yield figure(f"{what}: p95 of the slowest page, {slowest}", each[slowest], "ms")


def cookie(client: Client) -> str:
    """Return the header that a browser would send."""
    return "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())


def through_http(port: int, cookies: dict[Any, str], asked: list[Page]) -> list[tuple[str, float]]:
    """Return the milliseconds of each page with its name, asked over one connection."""
    taken, server = [], http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(MANY_ROUNDS):
        for page in asked:
            begun = time.perf_counter()
            headers = BROWSER | {"Host": "localhost", "Cookie": cookies[page.person]}
            server.request("GET", page.path, headers=headers)
            answer = server.getresponse()
            answer.read()
            assert answer.status in well(page.path), (page.path, answer.status)
            taken.append((page.name, 1000 * (time.perf_counter() - begun)))
    return taken
