"""Orders from submit to delivered, through real workers, PostgreSQL, Redis and an SMTP sink.

Several drivers stand for the web processes: they submit, take and approve through the services. An
order is finished when each of its recipients has a certificate with the key of its request; where
one is missing, the run fails. CPU time is counted until nothing is left to do, papers included.
"""

import os
import smtplib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import call_command
from django.db import connection

from applications.models import Application, Decision
from applications.services.system.papers import want_paper
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem
from tests.benchmarks.drivers import Drivers, Order
from tests.benchmarks.harness import Figure, figure, percentile, rate
from tests.benchmarks.packages import Sink
from tests.benchmarks.processes import Spent, spent_by
from tests.stack import Stack, free_port

DRIVERS = int(os.environ.get("BENCH_DRIVERS", "2"))
IDLE_ORDERS = int(os.environ.get("BENCH_IDLE_ORDERS", "20"))
ORDERS = int(os.environ.get("BENCH_ORDERS", "60"))
RSA_ORDERS = int(os.environ.get("BENCH_RSA_ORDERS", "20"))
AT_ONCE = [int(each) for each in os.environ.get("BENCH_AT_ONCE", "40,200").split(",")]
PAPERS = 20
"""Decisions whose paper is asked for: as many as an organisation may have in a minute."""
LONGEST_WAIT = 300.0
WORKERS = ("default", "mail", "ca", "beat")


@dataclass(frozen=True)
class Bench:
    """What an order passes through, and where its certificate arrives."""

    drivers: Drivers
    stack: Stack
    sink: Sink

    def spent(self) -> Spent:
        """CPU seconds by process so far."""
        sessions = {name: self.stack.processes[name].pid for name in WORKERS}
        return spent_by({**sessions, "drivers": self.drivers.processes})


def run() -> list[Figure]:
    """Return orders a second, CPU per order, and the times from approval to package."""
    call_command("flush", interactive=False, verbosity=0)
    connection.close()
    sink, port = Sink(), free_port()
    drivers = Drivers(DRIVERS)
    with drivers.pool, _served(sink, port) as stack:
        drivers.make_people()
        bench = Bench(drivers, stack, sink)
        figures = [*_idle(bench, port), *_busy(bench)]
        for number in AT_ONCE:
            figures += _at_once(bench, number)
        return figures


@contextmanager
def _served(sink: Sink, port: int) -> Iterator[Stack]:
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    stack = Stack(Path(tempfile.mkdtemp(prefix="portal-bench-")), redis_number=0)
    # As a deployment has them; the tests' are shorter.
    as_deployed = {"OUTBOX_LEASE_SECONDS": "60", "OUTBOX_SWEEP_SECONDS": "5"}
    stack.environment |= {"SMTP_URL": f"smtp://127.0.0.1:{port}", **as_deployed}
    controller.start()
    try:
        stack.prepare()
        stack.start(*WORKERS)
        for name in ("default", "mail", "ca"):
            stack.await_worker(name)
        yield stack
    finally:
        stack.stop()
        controller.stop()


def _idle(bench: Bench, port: int) -> list[Figure]:
    """One order at a time, while nothing else is done."""
    taken = []
    for order in bench.drivers.drafts(IDLE_ORDERS):
        bench.drivers.to_prepared([order])
        _await_quiet()
        approved = bench.drivers.approve([order])
        taken += _delivered(bench, [order], approved)
    least = _sign_and_mail(bench.sink, port)
    return [
        figure("approval to package, idle, p50", percentile(taken, 0.5), "s", least),
        figure("approval to package, idle, p95", percentile(taken, 0.95), "s", least),
        figure("approval to package, the first since the workers started", taken[0], "s", least),
        figure("one raw signature and one package over SMTP, p50", least, "s"),
    ]


def _busy(bench: Bench) -> list[Figure]:
    """Many orders in flight: each is taken and approved as soon as it can be."""
    drafts = bench.drivers.drafts(ORDERS)
    before, transactions, begun = bench.spent(), _transactions(), time.monotonic()
    approved = bench.drivers.drive(drafts)
    taken = _delivered(bench, drafts, approved)
    seconds = max(bench.sink.last(order.key) for order in drafts) - begun
    _await_quiet()
    by_process = (bench.spent() - before) / ORDERS
    transactions = (_transactions() - transactions) / ORDERS
    paper, of_rsa = _papers(bench), _of_rsa(bench)
    signatures, total = rate(_sign_with_new_key()), by_process.total
    return [
        figure("orders, submit to delivered", ORDERS / seconds, "orders/s", signatures),
        figure("raw P-384 signatures, one thread", signatures, "1/s"),
        figure(f"approval to package, {ORDERS} in flight, p95", percentile(taken, 0.95), "s"),
        figure("CPU per order, with its receipt sealed", 1000 * total, "ms"),
        *(figure(f"  of it {name}", 1000 * each, "ms") for name, each in by_process.items()),
        figure("CPU per decision, its paper sealed", 1000 * paper, "ms"),
        figure("CPU per order, with both papers sealed", 1000 * (total + paper), "ms"),
        figure("CPU per order, less a paper", 1000 * (total - paper), "ms"),
        figure("transactions per order", transactions, ""),
        figure("CPU per order of an RSA-2048 key, less a paper", 1000 * (of_rsa - paper), "ms"),
    ]


def _of_rsa(bench: Bench) -> float:
    """CPU seconds for an order with an RSA-2048 key, whose tests take long, and its receipt."""
    drafts = bench.drivers.drafts(RSA_ORDERS, "2048")
    before = bench.spent()
    _delivered(bench, drafts, bench.drivers.drive(drafts))
    _await_quiet()
    return (bench.spent() - before).total / RSA_ORDERS


def _papers(bench: Bench) -> float:
    """CPU seconds for the sealed paper of a decision, asked for by hand."""
    before = bench.spent()
    found = Decision.objects.filter(kind=Decision.Kind.APPROVED)[:PAPERS]
    for number, decision in enumerate(found):  # nobody may ask for as many
        want_paper(decision, actor=system(f"benchmark-{number}"), now=clock.now())
    _await_quiet()
    return (bench.spent() - before).total / len(found)


def _at_once(bench: Bench, number: int) -> list[Figure]:
    """So many orders stand prepared and are approved together."""
    drafts = bench.drivers.drafts(number)
    bench.drivers.to_prepared(drafts)
    _await_quiet()
    taken = _delivered(bench, drafts, bench.drivers.approve(drafts))
    _await_quiet()
    what = f"approval to package, {number} at once"
    return [
        figure(f"{what}, p50", percentile(taken, 0.5), "s"),
        figure(f"{what}, p95", percentile(taken, 0.95), "s"),
    ]


def _delivered(bench: Bench, drafts: list[Order], approved: dict[str, float]) -> list[float]:
    """Return the seconds from approval to each order's last package; fail if one is missing."""
    mailboxes = dict(Application.objects.values_list("pk", "mailbox"))
    contacts = dict(Application.objects.values_list("pk", "contact_email"))
    wanted = {one.key: {mailboxes[one.id], contacts[one.id]} for one in drafts}
    _until(lambda: not bench.sink.missing(wanted), f"{len(drafts)} orders have no package")
    return [bench.sink.last(order.key) - approved[order.key] for order in drafts]


def _await_quiet() -> None:
    """Wait until the workers have nothing left to do."""
    left = OutboxItem.objects.filter(done_at=None)
    _until(lambda: not left.exists(), "work is left over", pause=0.1)
    if OutboxItem.objects.exclude(failed_at=None).exists():
        raise SystemExit("work was set aside")


def _until(reached: Callable[[], bool], told: str, *, pause: float = 0.01) -> None:
    """Look until it holds; SystemExit after five minutes."""
    end = time.monotonic() + LONGEST_WAIT
    while not reached():
        if time.monotonic() > end:
            raise SystemExit(told)
        time.sleep(pause)


def _transactions() -> int:
    """Transactions that the database has ended, single statements among them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database"
            " WHERE datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def _sign_and_mail(sink: Sink, port: int) -> float:
    """Return the seconds that nothing can be quicker than: one signature, one package mailed."""
    sign = _sign_with_new_key()

    def once() -> float:
        begun = time.perf_counter()
        sign()
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail("bench@example.fi", ["bench@example.fi"], sink.package)
        return time.perf_counter() - begun

    return percentile([once() for _ in range(20)], 0.5)


def _sign_with_new_key() -> Callable[[], object]:
    """Return the work of one raw signature over a certificate's worth of bytes."""
    key, content = ec.generate_private_key(ec.SECP384R1()), os.urandom(1200)
    return lambda: key.sign(content, ec.ECDSA(hashes.SHA384()))
