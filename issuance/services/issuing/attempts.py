"""Attempts as issuing reads them: few statements, and only the columns a signature needs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import connection

from issuance.models import IssuingCA, PreparedCertificate
from issuance.services import locks

# Compiling the same wide statement for each certificate takes longer than running it. The
# columns left out are large, and are read only if somebody asks for them.
_READ = """
SELECT id, reference, attempt, replaces, state, environment, profile_id, profile_version,
       rule_set_version, issuing_ca_id, organisation_id, serial, tbs, tbs_sha256, not_before,
       not_after, spki_sha256, csr_sha256, submission_sha256, register_record, created_at,
       expires_at
FROM issuance_preparedcertificate
WHERE reference = ANY(%s::uuid[]) AND state IN ('prepared', 'signing', 'issued')
"""
_EVERY = """
SELECT id, reference, attempt, state FROM issuance_preparedcertificate
WHERE reference = ANY(%s::uuid[])
"""
# What was read above never changes but for the state: a trigger sees to it.
_LOCK = """
SELECT attempt.id, ca.state FROM issuance_preparedcertificate attempt
JOIN issuance_issuingca ca ON ca.id = attempt.issuing_ca_id
WHERE attempt.id = ANY(%s) AND attempt.state = 'prepared' FOR NO KEY UPDATE OF attempt
"""


def read(references: Iterable[UUID]) -> dict[UUID, PreparedCertificate]:
    """The attempt of each reference that is open, being signed or issued, with its CA."""
    wanted = [str(reference) for reference in references]
    attempts = {each.reference: each for each in _attempts(wanted)}
    ids = list({cast(int, each.issuing_ca_id) for each in attempts.values()})
    cas = {ca.pk: ca for ca in IssuingCA.read("id = ANY(%s)", ids)}
    for each in attempts.values():
        each.issuing_ca = cas[cast(int, each.issuing_ca_id)]
    return attempts


def _attempts(references: Sequence[str]) -> Iterable[PreparedCertificate]:
    """Being signed or issued comes last, so that it is kept above an open one."""
    found = PreparedCertificate.objects.raw(_READ, [references])
    return sorted(found, key=lambda each: each.state != PreparedCertificate.State.PREPARED)


def attempts_of(
    references: Iterable[UUID], *, holding: Iterable[str] = ()
) -> list[tuple[int, UUID, int, str]]:
    """Id, reference, number and state of every attempt of these references.

    Waits first for the locks ``holding``, and keeps them to the end of the transaction.
    """
    return locks.held(_EVERY, [[str(reference) for reference in references]], *holding)


def lock(attempts: Iterable[PreparedCertificate], *, holding: Iterable[str] = ()) -> dict[int, str]:
    """Lock those still open to the end of the transaction; their CAs' states now, by id.

    Waits first for the locks ``holding``, and keeps them as long.
    """
    return dict(locks.held(_LOCK, [[each.pk for each in attempts]], *holding))


def mark_signing(attempts: Iterable[PreparedCertificate]) -> None:
    """Note of locked attempts that they are being signed from now on."""
    _mark("SET state = 'signing'", attempts, [])


def mark_issued(attempts: Iterable[PreparedCertificate], now: datetime) -> None:
    """Note of attempts that their certificates are stored."""
    _mark("SET state = 'issued', closed_at = %s", attempts, [now])


def _mark(change: str, attempts: Iterable[PreparedCertificate], values: list[datetime]) -> None:
    statement = f"UPDATE issuance_preparedcertificate {change} WHERE id = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, [each.pk for each in attempts]])


def ca_of(attempt: PreparedCertificate) -> IssuingCA:
    """The issuing CA, which every attempt not refused has (a constraint sees to it)."""
    return cast(IssuingCA, attempt.issuing_ca)
