"""Reading and locking attempts for issuing, with few statements and only the columns needed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from certportal.foundation.database.prepared_statements import Statement
from certportal.foundation.database.statements import execute
from issuance.der.read import MalformedError, read as read_der
from issuance.keys.policy import hashes_of, read_key
from issuance.models import IssuingCA, PreparedCertificate
from issuance.services import locks

# Raw SQL, because compiling this statement for each certificate takes longer than running it. The
# omitted columns are large and are loaded only on access.
_READ = Statement(
    """
SELECT id, reference, label, attempt, replaces, state, environment, profile_id, profile_version,
       rule_set_version, issuing_ca_id, organisation_id, serial, tbs, tbs_sha256, not_before,
       not_after, spki_sha256, csr_sha256, submission_sha256, register_record, created_at,
       expires_at
FROM issuance_preparedcertificate
WHERE reference = ANY(%s) AND state IN ('prepared', 'signing', 'issued')
""",
    ["uuid[]"],
)
_EVERY = """
SELECT id, reference, attempt, state FROM issuance_preparedcertificate
WHERE reference = ANY(%s::uuid[])
"""
# Only the state of a row read above can have changed meanwhile: a trigger prevents other changes.
_LOCK = """
SELECT attempt.id, ca.state FROM issuance_preparedcertificate attempt
JOIN issuance_issuingca ca ON ca.id = attempt.issuing_ca_id
WHERE attempt.id = ANY(%s) AND attempt.state = 'prepared' FOR NO KEY UPDATE OF attempt
"""
_SIGNING = Statement(
    "UPDATE issuance_preparedcertificate SET state = 'signing' WHERE id = ANY(%s)", ["bigint[]"]
)
_ISSUED = Statement(
    "UPDATE issuance_preparedcertificate SET state = 'issued', closed_at = %s WHERE id = ANY(%s)",
    ["timestamptz", "bigint[]"],
)


def read(references: Iterable[UUID]) -> dict[UUID, PreparedCertificate]:
    """The attempt of each reference that is prepared, signing or issued, with its issuing CA."""
    attempts = {each.reference: each for each in _attempts(list(references))}
    ids = list({cast(int, each.issuing_ca_id) for each in attempts.values()})
    cas = {ca.pk: ca for ca in IssuingCA.read("id = ANY(%s)", ids)}
    for each in attempts.values():
        each.issuing_ca = cas[cast(int, each.issuing_ca_id)]
    return attempts


def _attempts(references: Sequence[UUID]) -> Iterable[PreparedCertificate]:
    """Sorted so that a signing or issued attempt comes last and replaces a prepared one."""
    found = PreparedCertificate.objects.raw(_READ, [references])
    return sorted(found, key=lambda each: each.state != PreparedCertificate.State.PREPARED)


def attempts_of(
    references: Iterable[UUID], *, holding: Iterable[str] = ()
) -> list[tuple[int, UUID, int, str]]:
    """Id, reference, attempt number and state of every attempt of these references.

    First waits for the locks ``holding``, which are held until the end of the transaction.
    """
    return locks.query_holding(_EVERY, [[str(reference) for reference in references]], *holding)


def lock(attempts: Iterable[PreparedCertificate], *, holding: Iterable[str] = ()) -> dict[int, str]:
    """Lock the attempts that are still prepared until the end of the transaction.

    Returns the current state of each attempt's CA, by attempt id. First waits for the locks
    ``holding``, which are held as long.
    """
    return dict(locks.query_holding(_LOCK, [[each.pk for each in attempts]], *holding))


def mark_signing(attempts: Iterable[PreparedCertificate]) -> None:
    """Set the state of locked attempts to signing."""
    execute(_SIGNING, [[each.pk for each in attempts]])


def mark_issued(attempts: Iterable[PreparedCertificate], now: datetime) -> None:
    """Set the state of attempts to issued, closed at ``now``."""
    execute(_ISSUED, [now, [each.pk for each in attempts]])


def hashes(attempt: PreparedCertificate) -> list[str]:
    """The SPKI hashes by which the key of these bytes may be blocked or in use (`hashes_of`).

    Damaged bytes are only found when they are to be signed, so that they hold up no others.
    """
    try:
        fields = read_der(bytes(attempt.tbs)).children()
        spki = fields[6]  # RFC 5280 4.1: the field after subject
    except (MalformedError, ValueError, IndexError):
        return [attempt.spki_sha256]
    _, *usual = hashes_of(read_key(spki.encoded, spki))
    return [attempt.spki_sha256, *usual]


def ca_of(attempt: PreparedCertificate) -> IssuingCA:
    """The issuing CA of an attempt that is not refused; a constraint ensures that it has one."""
    return cast(IssuingCA, attempt.issuing_ca)
