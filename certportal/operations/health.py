"""Health checks: `/livez` for containers, `/healthz` for monitoring; the workers' heartbeats."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import redis
from celery import shared_task
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import Error as DatabaseFault, connection
from django.db.models import Case, Exists, Min, Q, TextField, Value, When
from django.db.models.functions import Cast, StrIndex, Substr
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from accounts.register.lookup import queries
from accounts.register.models import Kind
from certportal.foundation import alarms, clock, redis_store, step_durations
from certportal.foundation.database import database_clock, database_limit
from certportal.foundation.database.combined_queries import Asks, Question, Values, ask_together
from certportal.foundation.database.query_cache import asked_once, one_reading
from certportal.foundation.database.statements import execute
from certportal.foundation.errors import Unavailable
from certportal.foundation.files import sweeping
from certportal.foundation.files.scanning import protocol as scanning
from certportal.foundation.mail.mails import at_server
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox.outbox import MAIL
from certportal.foundation.outbox.set_aside import BOUNCED
from certportal.operations import one_signer, self_checks
from certportal.operations.probe import heartbeat_of
from issuance.certificate.profiles import CEILING_MONTHS
from issuance.models import IssuingCA
from issuance.publication.shared.index import is_late
from issuance.services import lease
from issuance.services.sealing import seal_in_use
from issuance.services.status import freshness

QUEUES = ("default", "mail", "ca")
ALARMS = (
    *["register-source", "identification", "mandates", "event-log", "approval-unproven"],
    one_signer.SECOND,
)
# Alarms about something that waits for a person; they do not make the service unwell.
TO_DO = ("reconcile", "verify-audit", "witnesses", "witness-contradicts", sweeping.ALARM)
# A worker writes a heartbeat every 10 s; after three missed ones it counts as down.
HEARTBEAT_LIFE = timedelta(seconds=35)
LONGEST_QUEUE = timedelta(minutes=10)
# The pauses between this many attempts add up to 8½ minutes. Each attempt moves `due_at`, so items
# are also judged by `created_at`.
MANY_ATTEMPTS = 8
# If mails to this many mailboxes fail and none has been sent since, the mail server is at fault.
FAILING_MAILBOXES = 3
MAIL_MEMORY = timedelta(minutes=10)
CA_NOTICE = timedelta(days=90)
DATABASE_WITHIN = 1.5
"""Seconds for the first answer, so that a probe, which waits for some five, learns what hangs."""
LONGEST_CERTIFICATE = timedelta(days=31 * max(CEILING_MONTHS.values()))


def store() -> redis.Redis:
    return redis_store.connect(decode=True)


@shared_task(name="portal.beat", bind=True)
def beat(self: Any) -> None:
    """Write this worker's heartbeat, failing self-checks and measurements to Redis.

    Their keys contain the name of its queue and expire with the heartbeat.
    """
    queue, place = settings.PORTAL_PROCESS, store()
    place.set(heartbeat_of(queue), clock.now().isoformat(), ex=HEARTBEAT_LIFE)
    failing = json.dumps(self_checks.failing(queue))
    place.set(self_checks.key_of(queue), failing, ex=HEARTBEAT_LIFE)
    if taken := step_durations.told():
        place.set(step_durations.key_of(queue), json.dumps(taken), ex=HEARTBEAT_LIFE)
    if queue == "ca" and not one_signer.may_sign() and not self.request.called_directly:
        one_signer.stop_worker()


@receiver(at_server)
def beat_at_mail_server(**_: object) -> None:
    """Write the heartbeat while the mail server keeps the pool from running `beat`.

    Else the worker would count as down, of which nothing is wrong.
    """
    beat()


type Signs = Mapping[str, str]
"""Values that workers, beat and alarms have written to Redis, by key; empty if Redis fails."""


def read_signs() -> Signs:
    """Read all signs in one round trip, so that a hanging Redis costs a request one time limit.

    Raises redis.RedisError, also if Redis takes no writes: it refuses PING while its disk is full.
    """
    keys = [
        *map(heartbeat_of, ("beat", *QUEUES)),
        *map(self_checks.key_of, self_checks.SELF_CHECKS),
        *map(alarms.key_of, (*ALARMS, *TO_DO)),
    ]
    both = store().pipeline(transaction=False)
    both.mget(keys)
    both.ping()
    values, _pong = both.execute()
    return {key: value for key, value in zip(keys, values, strict=True) if isinstance(value, str)}


ALIVE = {"beat": "beat", **{f"worker-{queue}": queue for queue in QUEUES}}
"""Processes that write heartbeats: name in `/healthz` → name in the heartbeat's key."""


def unwell_by(signs: Signs) -> list[str]:
    """Return the names of missing heartbeats, failing self-checks and raised alarms."""
    return [
        *(name for name, process in ALIVE.items() if not is_alive(process, signs)),
        *(name for name in self_checks.NAMES if self_checks.is_reported(name, signs)),
        *sounding(ALARMS, signs),
    ]


def sounding(names: Sequence[str], signs: Signs) -> list[str]:
    """Return those of these alarms that are raised."""
    return [name for name in names if alarms.key_of(name) in signs]


def database() -> bool:
    return bool(execute("SELECT 1"))


def is_alive(name: str, signs: Signs) -> bool:
    """Whether the queue's worker, or beat, has written a recent heartbeat.

    Expiry in Redis is not enough: after the clock was set back, Redis keeps a heartbeat for longer.
    """
    written = signs.get(heartbeat_of(name))
    if written is None:
        return False
    return abs(clock.now() - datetime.fromisoformat(written)) <= HEARTBEAT_LIFE


def authority() -> bool:
    """Whether each environment and branch has an active CA that outlasts new certificates.

    A certificate must not outlive its CA, so the next generation must start long before this one
    ends; the margin is `CA_NOTICE`.
    """
    cas = freshness.authorities()
    active = [ca for ca in cas if ca.state == IssuingCA.State.ACTIVE]
    latest = clock.now() + CA_NOTICE + LONGEST_CERTIFICATE
    lasting = [ca for ca in active if ca.certificate.not_valid_after_utc > latest]
    existing = {(ca.environment, ca.branch) for ca in cas}
    able = {(ca.environment, ca.branch) for ca in lasting}
    return able >= existing and {environment for environment, _ in able} == {"production", "test"}


def outbox() -> bool:
    """Whether no work is overdue or, mails apart, retried for too long or set aside."""
    return "late" not in _left_over()


@Question
def _left_over() -> Asks[set[str]]:
    """Ask in one query for open work: `late` if some is late, `refused` if mails were refused."""
    limit = clock.now() - LONGEST_QUEUE
    failing = Q(created_at__lt=limit, attempts__gte=MANY_ATTEMPTS) | ~Q(failed_at=None)
    overdue = Q(due_at__lt=limit, failed_at=None) | Q(~Q(queue=MAIL), failing)
    items = OutboxItem.objects.filter(done_at=None).order_by()
    late, refused = items.filter(overdue), items.filter(queue=MAIL).exclude(failed_at=None)
    first, last = (
        matching.annotate(kind=Value(kind)).values_list("kind")[:1]
        for kind, matching in (("late", late), ("refused", refused))
    )
    return Values(first.union(last)), lambda rows: {kind for (kind,) in rows}


def mails() -> bool:
    """Whether mail is sent: false if our mail server fails for minutes, or refuses all mailboxes.

    A single mailbox that postpones or refuses its mails is not the mail server's fault, however
    many and however long; bounced mails prove that the mail server works.
    """
    since, failing = _now() - MAIL_MEMORY, _failing_mailboxes()
    if any(is_stuck for _begun, is_stuck in failing):
        return _sent_since(since)
    return len(failing) < FAILING_MAILBOXES or _sent_since(min(since, failing[-1][0]))


@Question
def _failing_mailboxes() -> Asks[list[tuple[datetime, bool]]]:
    """Return since when mails fail to the mailboxes that failed last, at most `FAILING_MAILBOXES`.

    Beside each: whether our own mail server, which names no mailbox, has failed for many attempts.
    """
    lately = Q(failed_at=None, attempts__gte=2) | Q(failed_at__gt=_now() - MAIL_MEMORY)
    failing = OutboxItem.objects.filter(lately, queue=MAIL, done_at=None).order_by()
    failing = failing.exclude(problem__startswith=BOUNCED)
    stuck = failing.exclude(problem__contains=" ").filter(attempts__gte=MANY_ATTEMPTS)
    mark = Substr("problem", StrIndex("problem", Value(" ")) + 1)  # `outbox.mark_in`
    named = When(problem__contains=" ", then=Cast(mark, TextField()))
    mailboxes = failing.values(mailbox=Case(named, default=Cast("pk", TextField())))
    begun = mailboxes.annotate(begun=Min("created_at")).order_by("-begun")
    return Values(begun.values_list("begun", Exists(stuck))[:FAILING_MAILBOXES], 2), list


def _sent_since(moment: datetime) -> bool:
    """Whether a mail was sent; mails that were given up have `failed_at` and do not count."""
    lately = (moment, clock.now() + clock.MAY_DIFFER)
    return OutboxItem.objects.filter(queue=MAIL, failed_at=None, done_at__range=lately).exists()


def refused_mails() -> bool:
    """Whether no refused mail waits for a person to correct its address or to give it up."""
    return "refused" not in _left_over()


def approvals_are_proved() -> bool:
    """Whether the CA requires approvals signed by passkeys; always true in tests."""
    return settings.APPROVERS_PROVE != "off" or settings.PORTAL_ENV == "test"


def register() -> bool:
    """Whether the mirrors of all registers are recent enough to decide on orders."""
    return all(queries.is_fresh(_now(), kind=kind) for kind in Kind)


@asked_once
def _now() -> datetime:
    """The same time for those who ask together and who ask alone."""
    return clock.now()


def scanner() -> bool:
    """Whether the virus scanner answers; without a configured one, always true."""
    scanning.scanner().scan(b"")
    return True


def shared_store() -> bool:
    """Whether the store of attachments and papers answers; without a shared one, always true."""
    if settings.STORE_URL:
        default_storage.listdir("health")  # fails also where there is no bucket
    return True


def clock_agrees() -> bool:
    """Whether the clock of web's machine agrees with the database's; raises Unavailable if not.

    Web writes when something was sent, seen or decided, and until when sessions and links last.
    """
    try:
        database_clock.require_agreement()
    except DatabaseFault:  # "database" names it
        connection.close_if_unusable_or_obsolete()
    return True


CHECKS: dict[str, Callable[[], bool]] = {
    "clock-web": clock_agrees,
    "ca": authority,
    "crl": lambda: not freshness.late_lists(clock.now()),
    "crl-of-another": lambda: not freshness.foreign_lists(clock.now()),
    "crl-soon-over": lambda: not freshness.lists_soon_over(clock.now()),
    "crl-differs": lambda: not freshness.stopped_lists(),
    "ocsp": lambda: not freshness.late_responses(clock.now()),
    "outbox": outbox,
    "mail": mails,
    "register": register,
    "scanner": scanner,
    "store": shared_store,
    "store-copy": lambda: not settings.STORE_URL or not is_late(clock.now()),
    "signer-silent": lambda: lease.silent_holder(clock.now()) is None,
}


def sealed() -> bool:
    """Whether there is a seal for papers that stays valid for `CA_NOTICE`."""
    seal = seal_in_use()
    return seal is not None and seal.certificate.not_valid_after_utc > clock.now() + CA_NOTICE


UNDELIVERED, SEAL = "undelivered-mail", "seal"
# APPROVERS_PROVE is off, as in development: the CA signs on approvals without a passkey.
UNPROVED = "approvals-not-proved"
WAITING = (UNDELIVERED, UNPROVED, SEAL, *self_checks.TO_DO)
"""With `TO_DO`, all names that `to_do` of `/healthz` may contain."""
WITHOUT_DATABASE = ("scanner", "store", "store-copy", UNPROVED)
"""The checks that read nothing from the database."""
UNWELL = ("redis", *ALIVE, *self_checks.NAMES, *ALARMS, "database", *CHECKS)
"""All names that `not_well` of `/healthz` may contain."""


class Found(NamedTuple):
    """The names of failing checks, and of what waits for a person."""

    unwell: list[str]
    to_do: list[str]


@one_reading()
def found(checks: Mapping[str, Callable[[], bool]] = CHECKS) -> Found:
    """Read all signs and run the checks.

    While the database does not answer, only that is named of the checks that read it: what they
    would find is unknown, and each would wait once more.
    """
    with database_limit.answering_within(DATABASE_WITHIN):
        answers = is_well(database)
    if answers:
        is_well(_read_together)  # if it fails, each check runs its own query
    signs: Signs = {}
    unwell: list[str] = []
    try:
        signs = read_signs()
    except (redis.RedisError, OSError):
        unwell.append("redis")
    unwell += unwell_by(signs)
    waits = {UNDELIVERED: refused_mails, UNPROVED: approvals_are_proved, SEAL: sealed}
    asked = {**checks, **waits}
    if not answers:
        unwell.append("database")
        asked = {name: asked[name] for name in WITHOUT_DATABASE if name in asked}
    failing = [name for name, check in asked.items() if not is_well(check)]
    unwell += [name for name in failing if name not in waits]
    to_do = [name for name in failing if name in waits]
    to_do += [name for name in self_checks.TO_DO if self_checks.is_reported(name, signs)]
    return Found(unwell, [*to_do, *sounding(TO_DO, signs)])


def _read_together() -> bool:
    """Read the rows that most checks need in one statement."""
    ask_together(
        *(question.of() for question in (freshness.authorities, lease.holder, seal_in_use)),
        *(queries.last_import.of(kind, _now()) for kind in Kind),
        _left_over.of(),
        _failing_mailboxes.of(),
    )
    return True


def is_well(check: Callable[[], bool]) -> bool:
    """Run the check; return False if a service does not answer."""
    try:
        return check()
    except (redis.RedisError, OSError, Unavailable):
        return False
    except DatabaseFault:
        # After a time-out the connection is unusable (`database_limit`); the next check opens
        # another.
        connection.close_if_unusable_or_obsolete()
        return False


class ProbesWithoutCookies:
    """Takes the cookies from probes: what they ask for has no session.

    A browser sends its session's, which would be read from the database before it can be named.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in {"/livez", "/healthz"}:
            request.META.pop("HTTP_COOKIE", None)
        return self.get_response(request)


@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """Respond that the process runs, without checking other services."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Respond with 200 if all checks pass, else 503 with the names of those that fail.

    `to_do` names what waits for a person; it does not change the status.
    """
    unwell, to_do = found()
    status = "unwell" if unwell else "well"
    body = {"status": status, "not_well": unwell, "to_do": to_do}
    return JsonResponse(body, status=503 if unwell else 200)
