"""Advisory locks: who waited for one sees what the holder did."""

import threading

import pytest
from django.db import connection, transaction

from certportal.dev.builders.people import NOW
from issuance.models import BlockedKey
from issuance.services import locks

WAITING = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database =
               (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
HASHES = "SELECT spki_sha256 FROM issuance_blockedkey WHERE spki_sha256 = ANY(%s)"


@pytest.mark.django_db(transaction=True)
def test_who_waited_for_the_lock_sees_what_was_committed_meanwhile():
    seen = []

    def look():
        with transaction.atomic():
            seen.extend(locks.query_holding(HASHES, [["a" * 64]], "key:a"))
        connection.close()

    with transaction.atomic():
        locks.hold("key:a")
        worker = threading.Thread(target=look)
        worker.start()
        while worker.is_alive() and not _somebody_waits():
            pass
        BlockedKey.objects.create(spki_sha256="a" * 64, reason="published", created_at=NOW)
    worker.join(10)
    assert seen == [("a" * 64,)]


@pytest.mark.django_db
def test_a_statement_that_needs_no_lock_is_run_at_once():
    assert locks.query_holding("SELECT unnest(%s)", [[1, 2]]) == [(1,), (2,)]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0]
