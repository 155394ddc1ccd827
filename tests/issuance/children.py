"""Issuing in child processes that can be killed."""

import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import connection, connections

from accounts.models import Organisation, Person
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from issuance import journal, services, tasks
from issuance.models import Certificate, PreparedCertificate
from issuance.services.locks import Busy
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order
from tests.issuance.signing_worker import wait_until
from tests.tables import rewrite


def in_child(work: Callable[[], object]) -> int:
    """Do the work in a process of its own; return the signal that killed it, or 0.

    Its sessions of the database, and with them its locks, have ended too: PostgreSQL learns of a
    killed process a moment later than we do.
    """
    child = start_child(work)
    _, status = os.waitpid(child, 0)
    wait_until(lambda: not _has_sessions(child))
    return -os.waitstatus_to_exitcode(status)


def _named(child: int) -> str:
    return f"child-{child}"


def _has_sessions(child: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            # A signer names its session after the journal that it writes.
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
            " AND (application_name = %s OR starts_with(application_name, 'signer ')))",
            [_named(child)],
        )
        return bool(cursor.fetchone()[0])


def start_child(work: Callable[[], object]) -> int:
    connections.close_all()
    if child := os.fork():
        return child
    code = 1
    try:
        os.environ["PGAPPNAME"] = _named(os.getpid())
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:  # not even a full disk, on which nothing can be printed, lets it go on as the parent
        os._exit(code)


def issue(item: OutboxItem) -> None:
    """Run the task as a worker would once the lease of the one killed has run out."""
    OutboxItem.objects.filter(pk=item.pk).update(leased_until=None)
    tasks.issue(item=str(item.pk))


def approved_item(
    pharmacy: Organisation, riitta: Person, now: datetime
) -> tuple[PreparedCertificate, OutboxItem]:
    prepared = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, prepared, now)
    # the clock of the test stands still, the worker's does not
    long_ago, far_ahead = now - timedelta(days=999), now + timedelta(days=9999)
    rewrite(PreparedCertificate.objects, expires_at=far_ahead)
    reference = str(prepared.reference)
    (item,) = outbox.enqueue("certificate.confirmed", now=long_ago, reference=reference)
    return prepared, item


def check_one(prepared: PreparedCertificate, expected: int) -> None:
    """One certificate, told once, in the journal once, and all of the approved bytes."""
    certificate = Certificate.objects.get(reference=prepared.reference)
    assert Certificate.objects.count() == expected
    assert certificate.certificate.tbs_certificate_bytes == bytes(prepared.tbs)
    assert OutboxItem.objects.filter(task="applications.record_issued").count() == expected
    signed = [entry.der for entry in journal.entries("sote-ec-1")]
    assert len(signed) == expected
    assert bytes(certificate.der) in signed


def issue_unless_busy(prepared: PreparedCertificate, now: datetime) -> None:
    with suppress(Busy):
        services.issue(prepared.reference, now=now)
