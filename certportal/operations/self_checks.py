"""Health checks that only a worker can perform: writing to database and disks, reaching CAs' keys.

Each worker performs its checks with its heartbeat and stores the result in Redis; `/healthz`, which
anybody may call, only reads the result.
"""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from applications.checks import dns_resolvers
from certportal.foundation import clock
from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.database import database_clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.files import own_disk
from issuance import services

log = structlog.get_logger(__name__)

NOTICE = timedelta(days=21)
"""Programs that renew certificates of 90 days do so 30 days before these end."""
READ_EVERY = 600.0
"""Seconds for which the certificate counts that was read; heartbeats are more frequent."""
ASKED_EVERY = 60.0
"""Seconds for which it counts that none could be read: a proxy or name server that hangs costs the
worker time, and each failure is a line in its log."""
SECONDS = 2.0

_read: dict[tuple[str, int], tuple[float, datetime | None]] = {}
"""When this process asked at the address, and when the certificate read there ends."""


def is_far() -> bool:
    """Whether the certificate at `TLS_ADDRESS` lasts for `NOTICE`; without an address, true.

    False too if there is no certificate: nobody would notice its end.
    """
    place = settings.TLS_ADDRESS
    if place is None:
        return True
    ends = _ends(place)
    return ends is not None and ends - clock.now() > NOTICE


def _ends(place: tuple[str, int]) -> datetime | None:
    """Return the certificate's end, as read at most `READ_EVERY` ago; None if it cannot be read."""
    at, ends = _read.get(place, (None, None))
    if at is None or time.monotonic() - at >= (ASKED_EVERY if ends is None else READ_EVERY):
        ends = _end_read_at(place)
        _read[place] = time.monotonic(), ends
    return ends


def _end_read_at(place: tuple[str, int]) -> datetime | None:
    try:
        text = ssl.get_server_certificate(place, timeout=SECONDS)
        ends = load_pem_x509_certificate(text.encode()).not_valid_after_utc
    except (OSError, *UNREADABLE) as error:
        log.warning("tls_certificate_not_read", host=place[0], port=place[1], error=str(error))
        return None
    if ends - clock.now() <= NOTICE:
        log.warning("tls_certificate_ends", host=place[0], port=place[1], ends=ends.isoformat())
    return ends


type Check = Callable[[], bool]

# More than the space that may be left in already allocated blocks when the disk is full.
_PROBE_ROWS, _ROW_BYTES = 500, 1500


def database_takes_writes() -> bool:
    """Whether the database accepts new rows and has disk space for them.

    A small update would prove nothing, since it fits into existing blocks and WAL. The temporary
    table needs new blocks, which are freed at the end of the transaction.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE write_probe ON COMMIT DROP AS"
                " SELECT repeat('x', %s) FROM generate_series(1, %s)",
                [_ROW_BYTES, _PROBE_ROWS],
            )
    except DatabaseError:
        return False
    return True


def passes(ensure: Callable[[], None]) -> Check:
    """Return the check that passes unless the function raises Unavailable."""

    def check() -> bool:
        try:
            ensure()
        except Unavailable:
            return False
        return True

    return check


# By queue; `/healthz` shows the names of failing checks. The services say what each examines.
SELF_CHECKS: dict[str, dict[str, Check]] = {
    "default": {
        "database-write": database_takes_writes,
        "documents": own_disk.has_room,
        "clock-default": passes(database_clock.require_agreement),
        "resolvers": dns_resolvers.are_fit,
        "tls-certificate": is_far,
    },
    "ca": {
        "clock-ca": passes(database_clock.require_agreement),
        "ca-key": lambda: not services.keys_out_of_reach(now=clock.now()),
        # After it, which has just used the token.
        "token-silent": passes(services.ensure_token_answers),
        "token-pin": passes(services.ensure_pin_accepted),
        "journal": passes(services.ensure_journal),
        "journal-copy": passes(services.ensure_journal_copied),
        "approvers": passes(lambda: services.ensure_approvers(clock.now())),
        "journal-unapproved": passes(services.ensure_journal_approved),
    },
}

# No order stops when one of these fails: it waits for a person, and the service is not unwell.
TO_DO = ("resolvers", "tls-certificate")
NAMES = [name for checks in SELF_CHECKS.values() for name in checks if name not in TO_DO]


def failing(queue: str) -> list[str]:
    """Run the checks of the queue's worker, this process, and return the names that fail."""
    return [name for name, check in SELF_CHECKS.get(queue, {}).items() if _fails(check)]


def _fails(check: Check) -> bool:
    try:
        return not check()
    except DatabaseError:
        return False  # unknown; `/healthz` reports a failing database itself


def key_of(queue: str) -> str:
    """Return the Redis key of the failing checks of the queue's worker."""
    return f"failing:{queue}"


def is_reported(name: str, signs: Mapping[str, str]) -> bool:
    """Whether the check's worker has reported it as failing; `signs`: Redis values by key.

    False if there is no report: missing heartbeats and a failing Redis are checks of their own.
    """
    (queue,) = (queue for queue, checks in SELF_CHECKS.items() if name in checks)
    return name in json.loads(signs.get(key_of(queue), "[]"))
