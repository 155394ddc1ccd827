"""Compares rows of the CA with the events about them, which are in the table `told`.

Each statement yields the differences: whether there is an event of it, and a description (what,
which, who and when). The description of a row without an event is taken from the row itself.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.database.statements import execute
from certportal.foundation.event_log.verifying import Kind
from issuance.authority.crl import entry
from issuance.csr.request import spki_in
from issuance.event_names import IssuanceEvent
from issuance.models import Approval, Certificate, IssuingCA, RevokedSerial, Seal

NAMES = (
    *[IssuanceEvent.APPROVED, IssuanceEvent.ISSUED, IssuanceEvent.REVOKED],
    *[IssuanceEvent.SERIAL_REVOKED, IssuanceEvent.KEY_BLOCKED, IssuanceEvent.KEYS_IMPORTED],
    *[IssuanceEvent.KEYS_LISTED, IssuanceEvent.BLOCKS_ENDED, IssuanceEvent.CA_REGISTERED],
    *[IssuanceEvent.CA_STANDBY, IssuanceEvent.CA_ACTIVE, IssuanceEvent.CA_RETIRED],
    *[IssuanceEvent.CA_REVOKED, IssuanceEvent.SEAL_REGISTERED, IssuanceEvent.PAPER_SEALED],
)
"""The events about the rows."""

_APPROVALS = """
SELECT false, concat('approval ', row.id, ' of attempt ', row.prepared_id, ' by person:',
    row.person_id, ' at ', row.created_at)
FROM issuance_approval row LEFT JOIN issuance_preparedcertificate made ON made.id = row.prepared_id
WHERE NOT EXISTS (
    SELECT FROM told WHERE action = 'issuance.approved' AND about = row.prepared_id::text
    AND actor = 'person:' || row.person_id AND at = row.created_at
    AND data->>'tbs_sha256' = made.tbs_sha256)
UNION ALL
SELECT DISTINCT true, concat('approval of attempt ', about, ' by ', whom)
FROM told WHERE action = 'issuance.approved' AND NOT EXISTS (
    SELECT FROM issuance_approval row
    JOIN issuance_preparedcertificate made ON made.id = row.prepared_id
    WHERE 'person:' || row.person_id = actor AND made.tbs_sha256 = data->>'tbs_sha256')
"""
_CERTIFICATES = """
SELECT false, concat('certificate ', row.id, ', serial number ', row.serial, ', issued at ',
    row.issued_at)
FROM issuance_certificate row WHERE NOT EXISTS (
    SELECT FROM told WHERE action = 'issuance.issued'
    AND data->>'sha256' = encode(sha256(row.der), 'hex') AND data->>'serial' = row.serial
    AND data->>'reference' = row.reference::text AND organisation = row.organisation_id::text
    AND at = row.issued_at)
UNION ALL
SELECT DISTINCT true, concat('certificate with serial number ', data->>'serial', ', issued by ',
    whom)
FROM told WHERE action = 'issuance.issued' AND NOT EXISTS (
    SELECT FROM issuance_certificate row WHERE encode(sha256(row.der), 'hex') = data->>'sha256')
"""
# Events of earlier versions lack the hash.
_PROOFS = """
SELECT row.id, data->>'sha256' FROM issuance_approval row
JOIN told ON action = 'issuance.approved' AND about = row.prepared_id::text
    AND actor = 'person:' || row.person_id AND at = row.created_at
WHERE data ? 'sha256'
"""
# A reason is only ever changed to key compromise, and its date is kept. What was restored from a
# list has the list's date.
_REVOCATIONS = """
SELECT false, concat('revocation (', row.revocation_reason, ') of the certificate with serial',
    ' number ', row.serial, ' at ', row.revoked_at)
FROM issuance_certificate row WHERE row.state = 'revoked' AND NOT EXISTS (
    SELECT FROM told WHERE action = 'issuance.revoked' AND data->>'serial' = row.serial
    AND data->>'reference' = row.reference::text AND data->>'reason' = row.revocation_reason)
UNION ALL
SELECT false, concat('date ', row.revoked_at, ' of the revocation of the certificate with serial',
    ' number ', row.serial)
FROM issuance_certificate row WHERE row.state = 'revoked' AND NOT EXISTS (
    SELECT FROM told WHERE action = 'issuance.revoked' AND data->>'serial' = row.serial
    AND (at = row.revoked_at OR actor = 'system:reconcile' AND at > row.revoked_at))
UNION ALL
SELECT DISTINCT true, concat('revocation (', data->>'reason', ') of the certificate with serial',
    ' number ', row.serial, ' by ', whom)
FROM told JOIN issuance_certificate row
     ON row.serial = data->>'serial' AND row.reference::text = data->>'reference'
WHERE action = 'issuance.revoked' AND (row.state <> 'revoked'
    OR data->>'reason' = 'key_compromise' AND row.revocation_reason <> 'key_compromise')
"""
_SERIALS = """
SELECT false, concat('revocation of the serial number ', row.serial, ' at ', row.revoked_at)
FROM issuance_revokedserial row WHERE NOT EXISTS (
    SELECT FROM told WHERE action = 'issuance.serial_revoked' AND data->>'serial' = row.serial
    AND at = row.revoked_at)
UNION ALL
SELECT DISTINCT true, concat('revocation of the serial number ', data->>'serial', ' by ', whom)
FROM told WHERE action = 'issuance.serial_revoked' AND NOT EXISTS (
    SELECT FROM issuance_revokedserial row WHERE row.serial = data->>'serial')
"""
# Events of imports by earlier versions hold only the number of new keys: numbers are compared. A
# block that has been ended is in another table; the event of its end is by who confirmed it.
_KEYS = """
WITH blocked AS (
    SELECT about AS spki, at, data->>'reason' AS reason, whom FROM told
    WHERE action = 'issuance.key_blocked'
  UNION
    SELECT spki, at, data->>'reason', whom
    FROM told, jsonb_array_elements_text(data->'keys') spki WHERE action = 'issuance.keys_listed'
), ended AS (
    SELECT row.spki_sha256 AS spki, row.reason, row.created_at AS at, ending.closed_at AS until,
        'person:' || ending.closer_id AS actor
    FROM issuance_endedblock row JOIN issuance_blockending ending ON ending.id = row.ending_id
), freed AS (
    SELECT spki, at AS until, actor, whom
    FROM told, jsonb_array_elements_text(data->'keys') spki WHERE action = 'issuance.blocks_ended'
), loose AS (
    SELECT spki, reason, at FROM (
        SELECT spki_sha256 AS spki, reason, created_at AS at FROM issuance_blockedkey
      UNION ALL
        SELECT spki, reason, at FROM ended) row
    WHERE NOT EXISTS (
        SELECT FROM blocked WHERE blocked.spki = row.spki
        AND blocked.reason = row.reason AND blocked.at = row.at)
), imported AS (
    SELECT DISTINCT at, data->>'reason' AS reason, (data->>'new')::bigint AS new, whom
    FROM told WHERE action = 'issuance.keys_imported' AND NOT data ? 'lists'
), counted AS (
    SELECT imported.*, (SELECT count(*) FROM loose
        WHERE loose.at = imported.at AND loose.reason = imported.reason) AS found
    FROM imported
)
SELECT false, concat('block of the key ', spki, ' (', reason, ') at ', at) FROM loose
WHERE NOT EXISTS (
    SELECT FROM imported WHERE imported.at = loose.at AND imported.reason = loose.reason)
UNION ALL
SELECT false, concat(found - new, ' of the keys blocked with the import by ', whom)
FROM counted WHERE found > new
UNION ALL
SELECT true, concat('block of the key ', spki, ' by ', whom)
FROM blocked WHERE NOT EXISTS (SELECT FROM issuance_blockedkey row WHERE row.spki_sha256 = spki)
AND NOT EXISTS (SELECT FROM ended WHERE ended.spki = blocked.spki AND ended.until >= blocked.at)
UNION ALL
SELECT false, concat('end of the block of the key ', spki, ' at ', until) FROM ended
WHERE NOT EXISTS (SELECT FROM freed WHERE freed.spki = ended.spki
    AND freed.until = ended.until AND freed.actor = ended.actor)
UNION ALL
SELECT true, concat('end of the block of the key ', spki, ' by ', whom) FROM freed
WHERE NOT EXISTS (SELECT FROM ended WHERE ended.spki = freed.spki AND ended.until = freed.until)
UNION ALL
SELECT true, concat(new - found, ' of the keys blocked with the import by ', whom)
FROM counted WHERE found < new
"""
_AUTHORITIES = """
WITH states AS (
    SELECT DISTINCT ON (about) about AS stem, whom,
        CASE action WHEN 'issuance.ca_registered' THEN data->>'state'
        ELSE substr(action, length('issuance.ca_') + 1) END AS state
    FROM told WHERE starts_with(action, 'issuance.ca_') ORDER BY about, event DESC
)
SELECT false, concat('certificate authority ', row.stem, ' (', row.state, ') at ', row.created_at)
FROM issuance_issuingca row WHERE NOT EXISTS (
    SELECT FROM told WHERE action = 'issuance.ca_registered' AND about = row.stem
    AND data->>'sha256' = encode(sha256(row.certificate_der), 'hex'))
UNION ALL
SELECT false, concat('certificate authority ', row.stem, ': ', row.state, ', and not ',
    states.state, ' as set by ', whom)
FROM issuance_issuingca row JOIN states ON states.stem = row.stem WHERE states.state <> row.state
UNION ALL
SELECT true, concat('certificate authority ', stem, ', ', state, ' by ', whom)
FROM states WHERE NOT EXISTS (SELECT FROM issuance_issuingca row WHERE row.stem = states.stem)
"""
_SEALS = """
SELECT false, concat('seal ', row.stem, ' at ', row.created_at)
FROM issuance_seal row WHERE NOT EXISTS (
    SELECT FROM told WHERE action = 'issuance.seal_registered' AND about = row.stem
    AND data->>'sha256' = encode(sha256(row.certificate_der), 'hex'))
UNION ALL
SELECT DISTINCT true, concat('seal ', about, ', registered by ', whom)
FROM told WHERE action = 'issuance.seal_registered' AND NOT EXISTS (
    SELECT FROM issuance_seal row WHERE row.stem = about)
"""
# Events of earlier versions lack the hash of the signature.
_PAPERS = """
SELECT false, concat('sealed paper ', row.id, ' (', row.paper, ') of SHA-384 ', row.digest, ' at ',
    row.sealed_at)
FROM issuance_sealedpaper row JOIN issuance_seal seal ON seal.id = row.seal_id
WHERE NOT EXISTS (
    SELECT FROM told WHERE action = 'issuance.paper_sealed'
    AND about = split_part(row.paper, ':', 2) AND data->>'sha384' = row.digest
    AND data->>'seal' = seal.stem AND at = row.sealed_at
    AND coalesce(data->>'signature_sha256', '') IN ('', encode(sha256(row.signature), 'hex')))
UNION ALL
SELECT DISTINCT true, concat('seal of the paper ', about, ' of SHA-384 ', data->>'sha384', ', by ',
    whom)
FROM told WHERE action = 'issuance.paper_sealed' AND NOT EXISTS (
    SELECT FROM issuance_sealedpaper row WHERE row.digest = data->>'sha384')
"""
# Work on a certificate is only queued together with an event. The reverse is not checked: an outbox
# item is deleted some time after it was done.
_WORK = """
SELECT false, concat('work ', row.id, ' (', row.task, ') about ', coalesce(reference, 'nothing'),
    ' at ', row.created_at)
FROM foundation_outboxitem row
JOIN (VALUES
    ('issuance.issue', 'issuance.approved'), ('issuance.issue_many', 'issuance.approved'),
    ('applications.confirm', 'issuance.approved'),
    ('applications.confirm_replacements', 'issuance.approved'),
    ('applications.record_issued', 'issuance.issued'),
    ('issuance.publish_ocsp', 'issuance.issued'), ('issuance.publish_crl', 'issuance.revoked'),
    ('applications.tell_revoked', 'issuance.revoked')
) wanted (task, action) ON wanted.task = row.task
LEFT JOIN LATERAL (
    SELECT row.payload->>'reference' AS reference WHERE NOT row.payload ? 'references'
  UNION ALL
    SELECT jsonb_array_elements_text(row.payload->'references')
    WHERE jsonb_typeof(row.payload->'references') = 'array'
) asked ON true
WHERE NOT EXISTS (
    SELECT FROM told WHERE told.action = wanted.action AND told.data->>'reference' = reference)
"""
_COMPARISONS = (
    *[_APPROVALS, _CERTIFICATES, _REVOCATIONS, _SERIALS, _KEYS, _AUTHORITIES],
    *[_SEALS, _PAPERS, _WORK],
)


def differences() -> Iterator[tuple[Kind, str]]:
    """Yield each difference: its kind, and in words what, which, who and when, as far as known."""
    for statement in _COMPARISONS:
        for is_told, about in execute(statement):
            yield (Kind.UNDONE if is_told else Kind.UNTOLD), about
    parts = _not_as_told(), _not_of_their_bytes(), _not_of_their_entry(), _not_of_their_root()
    for about in chain.from_iterable(parts):
        yield Kind.UNTOLD, about


def _not_as_told() -> Iterator[str]:
    """Yield the approvals whose conditions or proof are not those of their events."""
    told = dict(execute(_PROOFS))
    for approval in Approval.objects.iterator():
        if told.get(approval.pk, approval.sha256) != approval.sha256:
            yield f"conditions and proof of the approval {approval.pk}"


def _not_of_their_bytes() -> Iterator[str]:
    """Yield the certificates whose columns, by which lists and keys go, differ from their bytes.

    Events tell of the bytes; what cannot be read is named for that.
    """
    columns = "serial", "der", "not_before", "not_after", "spki_sha256"
    for serial, der, *stated in Certificate.objects.values_list(*columns).iterator():
        with suppress(*UNREADABLE):
            read = x509.load_der_x509_certificate(bytes(der))
            spki = hashlib.sha256(spki_in(bytes(der))).hexdigest()
            if [read.not_valid_before_utc, read.not_valid_after_utc, spki] != stated:
                yield f"validity and key of the certificate with serial number {serial}"


def _not_of_their_entry() -> Iterator[str]:
    """Yield the revocations of which the entry for lists says something else."""
    columns = "serial", "revoked_at", "crl_entry"
    revoked = Certificate.objects.filter(state=Certificate.State.REVOKED)
    rows = revoked.values_list(*columns, "revocation_reason", "invalidity_date").iterator()
    lost = ((*row, "unspecified", None) for row in RevokedSerial.objects.values_list(*columns))
    for serial, at, stored, reason, invalid_since in chain(rows, lost):
        if bytes(stored) != entry(int(serial, 16), at, x509.ReasonFlags[reason], invalid_since):
            yield f"entry for lists of the serial number {serial}"


def _not_of_their_root() -> Iterator[str]:
    """Yield the authorities and seals whose root, which is published, did not sign them or itself.

    Events tell of their own certificates, which only the true root has signed.
    """
    rows: list[IssuingCA | Seal] = [*IssuingCA.objects.order_by("pk")]
    rows += Seal.objects.order_by("pk")
    for row in rows:
        try:
            row.certificate.verify_directly_issued_by(row.root)
            row.root.verify_directly_issued_by(row.root)
        except (InvalidSignature, TypeError, *UNREADABLE):
            yield f"root of {row.stem}"
