"""Health: `/livez` for containers, `/healthz` for monitoring, and the workers' heartbeats."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis
from celery import shared_task
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from accounts.register import queries
from accounts.register.models import Kind
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import OutboxItem
from certportal.foundation.scanning import protocol as scanning
from issuance.models import IssuingCA
from issuance.profiles import CEILING_MONTHS
from issuance.services import freshness

QUEUES = ("default", "ca")
# A worker beats every 10 s; three missed beats mean it is not well.
HEARTBEAT_LIFE = timedelta(seconds=35)
LONGEST_QUEUE = timedelta(minutes=10)
# The pauses between so many tries make 8½ minutes; each moves `due_at`, so age is judged too.
MANY_ATTEMPTS = 8
CA_NOTICE = timedelta(days=90)
LONGEST_CERTIFICATE = timedelta(days=31 * max(CEILING_MONTHS.values()))


def store() -> redis.Redis:
    """Return a connection to Redis that gives up quickly."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, decode_responses=True
    )


@shared_task(name="portal.beat")
def beat(queue: str) -> None:
    """Leave a sign of life of a queue's worker."""
    store().set(f"heartbeat:{queue}", clock.now().isoformat(), ex=HEARTBEAT_LIFE)


def database() -> bool:
    """Whether the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def broker() -> bool:
    """Whether Redis answers."""
    return bool(store().ping())


def worker(queue: str) -> Callable[[], bool]:
    """Return the check whether the queue's worker has given a sign of life."""
    return lambda: bool(store().exists(f"heartbeat:{queue}"))


def authority() -> bool:
    """Whether every environment has an active CA under which the longest certificate fits.

    A certificate never outlives its CA, so the next generation must start well before this one
    ends.
    """
    active = list(IssuingCA.objects.filter(state=IssuingCA.State.ACTIVE))
    latest = clock.now() + CA_NOTICE + LONGEST_CERTIFICATE
    lasting = [ca for ca in active if ca.certificate.not_valid_after_utc > latest]
    return {ca.environment for ca in lasting} == {"production", "test"}


def lists() -> bool:
    """Whether every revocation list has long to go; the alarm comes a day before the end."""
    return not freshness.late_lists(clock.now())


def lists_last() -> bool:
    """The second alarm: whether no revocation list ends within hours."""
    return not freshness.lists_soon_over(clock.now())


def responses() -> bool:
    """Whether every OCSP response signed ahead has long to go: about a day, as with lists."""
    return not freshness.late_responses(clock.now())


def outbox() -> bool:
    """Whether no work has failed for good, lain undone or been tried in vain for too long."""
    limit = clock.now() - LONGEST_QUEUE
    late = Q(due_at__lt=limit) | Q(created_at__lt=limit, attempts__gte=MANY_ATTEMPTS)
    bad = late | ~Q(failed_at=None)
    return not OutboxItem.objects.filter(bad, done_at=None).exists()


def register() -> bool:
    """Whether orders may rest on the mirrors of both registers."""
    return all(queries.is_fresh(clock.now(), kind=kind) for kind in Kind)


def scanner() -> bool:
    """Whether attachments can be scanned; where no scanner is set, none is asked."""
    scanning.scanner().scan(b"")
    return True


CHECKS: dict[str, Callable[[], bool]] = {
    "database": database,
    "redis": broker,
    **{f"worker-{queue}": worker(queue) for queue in QUEUES},
    "ca": authority,
    "crl": lists,
    "crl-soon-over": lists_last,
    "ocsp": responses,
    "outbox": outbox,
    "register": register,
    "scanner": scanner,
}


def is_well(check: Callable[[], bool]) -> bool:
    """Run the check; a service that does not answer is not well."""
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError, Unavailable):
        return False


@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs; asks nothing of others."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while all is well, else 503 naming what is not. Names only, no details."""
    unwell = [name for name, check in CHECKS.items() if not is_well(check)]
    body: dict[str, Any] = {"status": "unwell" if unwell else "well", "not_well": unwell}
    return JsonResponse(body, status=503 if unwell else 200)
