"""Health checks that only a worker can perform: writing to database and disks, reaching CAs' keys.

Each worker performs its checks with its heartbeat and stores the result in Redis; `/healthz`, which
anybody may call, only reads the result.
"""

import json
from collections.abc import Callable, Mapping

from django.db import DatabaseError, connection, transaction

from applications.checks import dns_resolvers
from certportal.foundation import clock, database_clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.files import own_disk
from certportal.operations import tls_end
from issuance import services

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
        "tls-certificate": tls_end.is_far,
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
