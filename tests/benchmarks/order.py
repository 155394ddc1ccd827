"""Orders from submit to delivered, through real workers, PostgreSQL, Redis and an SMTP sink."""

import os
import smtplib
import tempfile
import time
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import call_command

from accounts.models import Person
from applications import services
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests.benchmarks.harness import Figure, figure, percentile, rate
from tests.stack import Stack, free_port

IDLE_ORDERS = int(os.environ.get("BENCH_IDLE_ORDERS", "10"))
ORDERS = int(os.environ.get("BENCH_ORDERS", "40"))
LONGEST_WAIT = 120.0
ALLOWED = 2.0
"""Seconds from approval to mail that 95 % of the orders may take while nothing else is done."""


class Sink:
    """An SMTP server that notes when it accepted the package of which order."""

    def __init__(self) -> None:
        self.accepted: dict[str, float] = {}
        self.package = b""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Accept the mail; the order's number stands before the colon of its subject."""
        mail = message_from_bytes(envelope.content)
        if mail.is_multipart():
            number = mail["Subject"].split(":")[0].removeprefix("[TEST] ")
            self.accepted.setdefault(number, time.perf_counter())
            self.package = envelope.content
        return "250 OK"


def run() -> list[Figure]:
    """Return orders a second, approval-to-mail times when idle and busy, and the floors."""
    call_command("flush", interactive=False, verbosity=0)
    sink, port = Sink(), free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    stack = Stack(Path(tempfile.mkdtemp(prefix="portal-bench-")), redis_number=0)
    stack.environment |= {"SMTP_URL": f"smtp://127.0.0.1:{port}"}
    controller.start()
    try:
        stack.prepare()
        stack.start("default", "mail", "ca", "beat")
        stack.await_worker("default")
        stack.await_worker("ca")
        return measure(sink, port)
    finally:
        stack.stop()
        controller.stop()


def measure(sink: Sink, port: int) -> list[Figure]:
    """Drive the orders one by one, then all at once."""
    now = clock.now()
    matti = people.make_founder("Matti Meikäläinen", "9900001-8", now=now)
    riitta = people.make_reviewer("Rauno Ratkaisija", now=now)
    idle = [one_order(matti, riitta, sink) for _ in range(IDLE_ORDERS)]
    busy, rate_of_orders = many_orders(matti, riitta, sink)
    signatures, least = rate(sign_with_new_key()), sign_and_mail(sink, port)
    at_once = f"approval to mail, {ORDERS} at once"
    return [
        figure("orders, submit to delivered", rate_of_orders, "orders/s", signatures),
        figure("raw P-384 signatures, one thread", signatures, "1/s"),
        figure("approval to mail, idle, p50", percentile(idle, 0.5), "s", least),
        figure("approval to mail, idle, p95", percentile(idle, 0.95), "s", least),
        figure("the same p95, beside what is allowed", percentile(idle, 0.95), "s", ALLOWED),
        figure(f"{at_once}, p50", percentile(busy, 0.5), "s", least),
        figure(f"{at_once}, p95", percentile(busy, 0.95), "s", least),
        figure("one raw signature and one package over SMTP, p50", least, "s"),
    ]


def one_order(applicant: Person, reviewer: Person, sink: Sink) -> float:
    """Return the seconds from approval to the accepted mail of one order."""
    application = orders.submitted(applicant)
    ready(application, reviewer)
    begun = time.perf_counter()
    orders.approve(reviewer, application)
    until(lambda: application.number in sink.accepted)
    return sink.accepted[application.number] - begun


def many_orders(applicant: Person, reviewer: Person, sink: Sink) -> tuple[list[float], float]:
    """Return the approval-to-mail seconds of many orders in flight, and orders a second."""
    drafts = [orders.with_csr(applicant) for _ in range(ORDERS)]
    first = time.perf_counter()
    for application in drafts:
        orders.submit(applicant, application)
    approved: dict[str, float] = {}
    for application in drafts:
        ready(application, reviewer)
        approved[application.number] = time.perf_counter()
        orders.approve(reviewer, application)
    until(lambda: approved.keys() <= sink.accepted.keys())
    last = max(sink.accepted[number] for number in approved)
    return [sink.accepted[n] - approved[n] for n in approved], len(drafts) / (last - first)


def ready(application: Application, reviewer: Person) -> None:
    """Claim the case once it is in review and wait until its certificate is prepared."""
    until(lambda: status_of(application) == Status.IN_REVIEW)
    seen = orders.Handler(reviewer, application).seen
    services.claim(application.pk, person=reviewer, **seen)
    until(lambda: orders.prepared(application) is not None)


def status_of(application: Application) -> str:
    """Return the present status."""
    application.refresh_from_db()
    return application.status


def until(reached: Callable[[], bool]) -> None:
    """Look every few milliseconds until it holds; TimeoutError after two minutes."""
    end = time.perf_counter() + LONGEST_WAIT
    while not reached():
        if time.perf_counter() > end:
            raise TimeoutError("the workers did not get there")
        time.sleep(0.005)


def sign_and_mail(sink: Sink, port: int) -> float:
    """Return the seconds that nothing can be quicker than: one signature, one package mailed."""
    sign = sign_with_new_key()

    def once() -> float:
        begun = time.perf_counter()
        sign()
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail("bench@example.fi", ["bench@example.fi"], sink.package)
        return time.perf_counter() - begun

    return percentile([once() for _ in range(20)], 0.5)


def sign_with_new_key() -> Callable[[], object]:
    """Return the work of one raw signature over a certificate's worth of bytes."""
    key, content = ec.generate_private_key(ec.SECP384R1()), os.urandom(1200)
    return lambda: key.sign(content, ec.ECDSA(hashes.SHA384()))
