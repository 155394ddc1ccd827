"""What only a worker can try out: whether the database takes writes, and the CA could sign.

Each worker tries this with its heartbeat and keeps the result in Redis; `/healthz`, which anybody
may call, only reads it.
"""

import json
from collections.abc import Callable, Mapping

from django.db import DatabaseError, connection, transaction

from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from issuance import services

type Check = Callable[[], bool]

# More than any free space that a full disk's file system still finds in its last blocks.
_PROBE_ROWS, _ROW_BYTES = 500, 1500


def database_takes_writes() -> bool:
    """Whether the database accepts new rows and has disk space for them.

    A small update says nothing: it finds room in blocks and in WAL that exist already. The
    temporary table needs new blocks, which go with the transaction.
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


def keys_can_be_reached() -> bool:
    """Whether every CA that must sign finds its key."""
    return not services.keys_out_of_reach(now=clock.now())


def journal_has_room() -> bool:
    """Whether the journal can take the next certificates."""
    try:
        services.ensure_journal()
    except Unavailable:
        return False
    return True


def journal_is_copied() -> bool:
    """Whether the journal's second place, if there is one, holds all of it and takes more."""
    try:
        services.ensure_journal_copied()
    except Unavailable:
        return False
    return True


def approvers_can_be_read() -> bool:
    """Whether signatures that rest on the register of approvers can be made by it.

    It is whole and the newest, and has enough persons for the orders that wait.
    """
    try:
        services.ensure_approvers(clock.now())
    except Unavailable:
        return False
    return True


def journal_is_approved() -> bool:
    """Whether every certificate in the journals was approved by somebody."""
    try:
        services.ensure_journal_approved()
    except Unavailable:
        return False
    return True


# By queue. A name stands in /healthz where the worker's check fails.
SELF_CHECKS: dict[str, dict[str, Check]] = {
    "default": {"database-write": database_takes_writes},
    "ca": {
        "ca-key": keys_can_be_reached,
        "journal": journal_has_room,
        "journal-copy": journal_is_copied,
        "approvers": approvers_can_be_read,
        "journal-unapproved": journal_is_approved,
    },
}


NAMES = [name for checks in SELF_CHECKS.values() for name in checks]


def failing(queue: str) -> list[str]:
    """Run the checks of the queue's worker, this process, and return the names that fail."""
    return [name for name, check in SELF_CHECKS.get(queue, {}).items() if _fails(check)]


def _fails(check: Check) -> bool:
    try:
        return not check()
    except DatabaseError:
        return False  # nothing was found out; a database that is down is named by itself


def key_of(queue: str) -> str:
    """Return the Redis key of what the queue's worker found."""
    return f"failing:{queue}"


def is_reported(name: str, signs: Mapping[str, str]) -> bool:
    """Whether the worker that tries this has found it failing; `signs`: what Redis has, by key.

    A worker that is silent, and Redis that does not answer, are named by themselves.
    """
    (queue,) = (queue for queue, checks in SELF_CHECKS.items() if name in checks)
    return name in json.loads(signs.get(key_of(queue), "[]"))
