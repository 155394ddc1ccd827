"""The state of the service, read from database, Redis and published files at each scrape.

One process serves it, so that each value is exported once. Labels are names from the code, never of
a person, organisation, order or address.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connections
from django.db.models import Case, Count, Min, Q, Value, When
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from accounts.register import conf
from accounts.register.lookup import queries
from accounts.register.models import Kind
from applications.models import Application
from applications.rules.reviewers_day import PROMISED
from applications.workflow import ENDED, Status
from certportal.foundation import clock, step_durations
from certportal.foundation.models import OutboxItem
from certportal.operations import health
from issuance.models import Certificate
from issuance.publication.shared.index import age as shared_age
from issuance.services.status import freshness

log = structlog.get_logger(__name__)

OPEN = [status for status in Status if status not in ENDED and status != Status.DRAFT]
WITHIN_DAYS = (7, 30, 60, 90)
UNWELL = "1: the check of /healthz fails."
RETRIED = 2
"""Attempts from which an open item counts as retried."""
# Services that this process cannot reach, and the clock of web; the other checks are those of
# /healthz.
UNREACHABLE = ("scanner", "store", "clock-web")
CHECKS = {name: check for name, check in health.CHECKS.items() if name not in UNREACHABLE}

type Part = Callable[[datetime], list[Metric]]


def unwell(now: datetime) -> list[Metric]:
    """Export the names of /healthz, with 1 for a failing check."""
    found = health.found(CHECKS)
    well = GaugeMetricFamily("certportal_unwell", UNWELL, labels=["name"])
    for name in health.UNWELL:
        if name not in UNREACHABLE:
            well.add_metric([name], name in found.unwell)
    to_do = GaugeMetricFamily("certportal_to_do", "1: waits for a person.", labels=["name"])
    for name in (*health.WAITING, *health.TO_DO):
        to_do.add_metric([name], name in found.to_do)
    return [well, to_do]


def outbox(now: datetime) -> list[Metric]:
    """Export how much work is open, how old it is, and how much was set aside."""
    labels = ["queue", "topic"]
    items = GaugeMetricFamily(
        "certportal_outbox_items", "Open work, by topic and state.", labels=[*labels, "state"]
    )
    age = GaugeMetricFamily(
        "certportal_outbox_age_seconds", "Age of a topic's oldest open work.", labels=labels
    )
    overdue = GaugeMetricFamily(
        "certportal_outbox_overdue_seconds", "Time since a topic's work was due.", labels=labels
    )
    open_ = OutboxItem.objects.filter(done_at=None, failed_at=None).values("queue", "topic")
    retried = Count("pk", filter=Q(attempts__gte=RETRIED))
    for row in open_.annotate(
        every=Count("pk"), retried=retried, first=Min("created_at"), due=Min("due_at")
    ):
        named = [row["queue"], row["topic"]]
        items.add_metric([*named, "waiting"], row["every"] - row["retried"])
        items.add_metric([*named, "retried"], row["retried"])
        age.add_metric(named, _seconds(now - row["first"]))
        overdue.add_metric(named, _seconds(now - row["due"]))
    aside = OutboxItem.objects.filter(done_at=None).exclude(failed_at=None)
    for queue, topic, number in aside.values_list("queue", "topic").annotate(n=Count("pk")):
        items.add_metric([queue, topic, "set_aside"], number)
    return [items, age, overdue]


def orders(now: datetime) -> list[Metric]:
    """Export the number of open orders by status and by lateness against the promised day."""
    gauge = GaugeMetricFamily(
        "certportal_orders", "Open orders, by status and lateness.", labels=["status", "lateness"]
    )
    today = clock.day(now)
    lateness = Case(
        When(~Q(status__in=PROMISED) | Q(due_on=None), then=Value("none")),
        When(due_on__lt=today, then=Value("late")),
        When(due_on=today, then=Value("today")),
        default=Value("in_time"),
    )
    found = Application.objects.filter(status__in=OPEN).annotate(lateness=lateness)
    for status, late, number in found.values_list("status", "lateness").annotate(n=Count("pk")):
        gauge.add_metric([status, late], number)
    return [gauge]


def certificates(now: datetime) -> list[Metric]:
    """Export how many certificates in force end within `WITHIN_DAYS`, replaced or not."""
    gauge = GaugeMetricFamily(
        "certportal_certificates_ending",
        "Certificates in force that end within so many days.",
        labels=["environment", "days"],
    )
    last = now + timedelta(days=max(WITHIN_DAYS))
    ending = Certificate.objects.filter(Certificate.in_force(now), not_after__lte=last)
    within = {
        str(days): Count("pk", filter=Q(not_after__lte=now + timedelta(days=days)))
        for days in WITHIN_DAYS
    }
    counted = ending.values("environment").annotate(**within)
    for environment, *numbers in counted.values_list("environment", *within):
        for days, number in zip(within, numbers, strict=True):
            gauge.add_metric([environment, days], number)
    return [gauge]


def lists(now: datetime) -> list[Metric]:
    """Export the age of each CRL, and the time until it and its CA end."""
    labels = ["list", "of"]
    age = GaugeMetricFamily("certportal_crl_age_seconds", "Age of a CRL.", labels=labels)
    left = GaugeMetricFamily(
        "certportal_crl_left_seconds", "Time until a CRL's nextUpdate; 0: none.", labels=labels
    )
    ca = GaugeMetricFamily(
        "certportal_ca_left_seconds", "Time until a CA's certificate ends.", labels=["ca", "of"]
    )
    for crl in freshness.needed_lists(now):
        named = [crl.stem, "root" if crl.is_roots else "ca"]
        if crl.begun is not None:
            age.add_metric(named, (now - crl.begun).total_seconds())
        left.add_metric(named, _seconds(crl.until - now) if crl.until else 0)
        ca.add_metric(named, _seconds(crl.ca_until - now))
    return [age, left, ca]


def published(now: datetime) -> list[Metric]:
    """Export how long ago this machine's published files and the shared store agreed."""
    age = GaugeMetricFamily(
        "certportal_store_copy_age_seconds",
        "Time since this machine's published files and the shared store agreed.",
    )
    if settings.STORE_URL:
        passed = shared_age(now)
        age.add_metric([], float("inf") if passed is None else passed.total_seconds())
    return [age]


def registers(now: datetime) -> list[Metric]:
    """Export the age of each register's mirror, and of a fetched one its maximum age."""
    age = GaugeMetricFamily(
        "certportal_register_age_seconds", "Time since the last import.", labels=["register"]
    )
    most = GaugeMetricFamily(
        "certportal_register_most_seconds",
        "Age beyond which orders wait for the register.",
        labels=["register"],
    )
    for kind in Kind:
        passed = queries.register_age(now, kind=kind)
        age.add_metric([kind], float("inf") if passed is None else passed.total_seconds())
    if conf.value("BACKEND"):
        most.add_metric([Kind.SOTE_UNIT], conf.value("MAX_AGE").total_seconds())
    return [age, most]


def signer(now: datetime) -> list[Metric]:
    """Export what the `ca` worker has measured since it was started."""
    histogram = HistogramMetricFamily(
        "certportal_signer_seconds", "Time of a step of the ca worker.", labels=["step"]
    )
    stored = health.store().get(step_durations.key_of("ca"))
    measured = step_durations.heard(json.loads(stored)) if isinstance(stored, str) else {}
    bounds = [*map(str, step_durations.BOUNDS), "+Inf"]
    for step, times in measured.items():
        sums = [float(sum(times.counts[: n + 1])) for n in range(len(bounds))]
        histogram.add_metric([step], list(zip(bounds, sums, strict=True)), times.seconds)
    return [histogram]


PARTS: Mapping[str, Part] = {
    "unwell": unwell,
    "outbox": outbox,
    "orders": orders,
    "certificates": certificates,
    "lists": lists,
    "published": published,
    "registers": registers,
    "signer": signer,
}


class State(Collector):
    """Collects all parts; a part that fails is left out and reported, and the others go on."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        """Read the parts, each with few queries, which the database ends after 2 s."""
        read = GaugeMetricFamily(
            "certportal_part_read", "1: this part of the state could be read.", labels=["part"]
        )
        with self._one_at_a_time:
            try:
                fails = not health.is_well(health.database)
                if fails:  # skip the parts: each query would wait for its time limit
                    gauge = GaugeMetricFamily("certportal_unwell", UNWELL, labels=["name"])
                    gauge.add_metric(["database"], 1)
                    yield gauge
                for name, part in PARTS.items():
                    found = None if fails else _read(name, part)
                    read.add_metric([name], found is not None)
                    yield from found or ()
            finally:
                connections.close_all()  # each scrape is a new thread with its own connection
        yield read


def _read(name: str, part: Part) -> list[Metric] | None:
    try:
        return part(clock.now())
    except Exception as error:
        # Each query here counts and knows no value that somebody typed.
        said = str(error).partition("\n")[0]
        log.warning("metrics_part_not_read", part=name, error=type(error).__name__, reason=said)
        return None


def _seconds(time: timedelta) -> float:
    return max(time.total_seconds(), 0.0)
