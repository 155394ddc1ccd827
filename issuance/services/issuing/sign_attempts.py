"""Signing the attempts marked as signing, and storing the certificates."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models.functions import Coalesce

from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.database import row_writes
from certportal.foundation.database.combined_queries import Values, compiled_for
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.outbox import outbox
from issuance import journal
from issuance.authority.sign import sign_certificate, verify_certificate
from issuance.event_names import IssuanceEvent
from issuance.faults import reach
from issuance.models import Approval, Certificate, IssuingCA, PreparedCertificate
from issuance.services import lease, locks
from issuance.services.blocked_keys import blocked_among
from issuance.services.errors import Unproven
from issuance.services.event_log import second_place
from issuance.services.event_log.evidence import ensure_in_time, ensure_logged
from issuance.services.issuing import journal_approved
from issuance.services.issuing.approve import by_policy
from issuance.services.issuing.attempts import ca_of, hashes, mark_issued
from issuance.services.issuing.verify_approvals import ensure_proved
from issuance.services.signer import LoadSigner
from issuance.services.status.revoke import COMPROMISE, revoke

CA_WORKER = system("ca")
# For more certificates than this at once, the outbox items are spread over time.
FEW = 10
_JOURNALLED = (
    "environment",
    "profile_id",
    "profile_version",
    "rule_set_version",
    "spki_sha256",
    "csr_sha256",
    "submission_sha256",
    "register_record",
    "label",
)
_CARRIED_OVER = (
    "reference",
    "issuing_ca",
    "organisation_id",
    "environment",
    "profile_id",
    "profile_version",
    "serial",
    "spki_sha256",
    "not_before",
    "not_after",
)

type Signed = tuple[PreparedCertificate, bytes]


def sign(
    attempts: Iterable[PreparedCertificate], load_signer: LoadSigner, now: datetime
) -> list[Signed]:
    """Each attempt with its certificate (DER), from the journal or signed now.

    Raises Unavailable. No certificate is released before it is in the journal.
    """
    signed: list[Signed] = []
    by_ca = sorted(attempts, key=lambda each: ca_of(each).stem)
    for ca, group in groupby(by_ca, key=ca_of):
        unsigned, before = [], []
        journal_approved.require(ca)
        for attempt in group:
            der = _from_journal(attempt)
            before += [(attempt, der)] if der else []
            unsigned += [] if der else [attempt]
        if before:
            _require_approved([attempt for attempt, _ in before])
            journal.ensure_lasting(ca.stem)
            second_place.ensure_copied()
        signed += before
        signed += _sign_under(ca, unsigned, load_signer, now) if unsigned else []
    return signed


def _require_signable(attempts: Sequence[PreparedCertificate], now: datetime) -> None:
    """Raise Unproven or NotProved unless each attempt may be signed now, also if marked before.

    The mark alone proves nothing: not only this worker can write to the database.
    """
    ensure_proved(attempts, now)
    ends = {each.pk: each.expires_at for each in attempts}
    for pk, until in _require_approved(attempts):
        ends[pk] = min(ends[pk], until)
    ensure_in_time({each: ends[each.pk] for each in attempts if ends[each.pk] <= now})


def _require_approved(attempts: Sequence[PreparedCertificate]) -> list[tuple[int, datetime]]:
    """Raise Unproven unless enough persons approved each attempt, and none was voided.

    For a certificate in the journal this is enough: an approver's proof may have lapsed since it
    was signed. Returns the ends of the approvals by a waiver, each with the id of the attempt.
    """
    approvals = _given([each.pk for each in attempts]).alone()
    given = Counter(pk for pk, _human in {(pk, human) for pk, _person, human, _until in approvals})
    for attempt in attempts:
        if given[attempt.pk] < by_policy(attempt):
            raise Unproven(f"attempt {attempt.pk} is to be signed, but lacks approvals")
    ensure_logged(attempts, [(pk, person) for pk, person, _human, _until in approvals])
    return [(pk, until) for pk, _person, _human, until in approvals if until is not None]


@compiled_for([0])
def _given(attempts: list[int]) -> Values:
    """Return the query for the attempts' approvals: id, person, as whom if merged, and the end."""
    approvals = Approval.objects.filter(Among("prepared", "bigint", attempts)).order_by("pk")
    human = Coalesce("person__merged_into_id", "person_id")
    return Values(approvals.values_list("prepared_id", "person_id", human, "until"), 4)


def _from_journal(attempt: PreparedCertificate) -> bytes | None:
    """The certificate that an earlier run signed for this attempt, or None."""
    ca = ca_of(attempt)
    entry = journal.find(ca.stem, reference=str(attempt.reference), attempt=attempt.attempt)
    if entry is None:
        return None
    verify_certificate(entry.der, bytes(attempt.tbs), ca.certificate)
    return entry.der


def _sign_under(
    ca: IssuingCA, attempts: Sequence[PreparedCertificate], load_signer: LoadSigner, now: datetime
) -> list[Signed]:
    signer = load_signer(ca)
    journal.ensure_room(ca.stem)
    _require_signable(attempts, now)
    reach("before_signing")
    lease.require()
    made = [(a, sign_certificate(bytes(a.tbs), a.tbs_sha256, signer)) for a in attempts]
    reach("after_signing")
    standing = journal.append(ca.stem, [journal_entry(*each) for each in made])
    reach("after_journal")
    for (attempt, der), entry in zip(made, standing, strict=True):
        if entry.der != der:  # a worker believed dead has appended its certificate first
            verify_certificate(entry.der, bytes(attempt.tbs), ca.certificate)
    return [(attempt, entry.der) for attempt, entry in zip(attempts, standing, strict=True)]


def journal_entry(prepared: PreparedCertificate, der: bytes) -> journal.Entry:
    facts = {name: getattr(prepared, name) for name in _JOURNALLED}
    facts["organisation_id"] = str(prepared.organisation_id)
    if prepared.replaces is not None:
        facts["replaces"] = str(prepared.replaces)
    reference = str(prepared.reference)
    return journal.Entry(reference, prepared.attempt, prepared.serial, der, facts)


def store(signed: Sequence[Signed], now: datetime) -> list[Certificate]:
    """Store the certificates, their events and outbox items in one transaction."""
    if not signed:
        return []
    with transaction.atomic():
        stored = store_within(signed, now)
        reach("before_commit")
    reach("after_commit")
    return stored


def store_within(signed: Sequence[Signed], now: datetime) -> list[Certificate]:
    """Like ``store``, within the caller's transaction. Raises SignerElsewhere."""
    attempts = [attempt for attempt, _ in signed]
    term = lease.hold()
    known_by = [hashes(attempt) for attempt in attempts]
    locks.hold(*(f"key:{digest}" for digests in known_by for digest in digests))
    stored = [_certificate(attempt, der, term, now) for attempt, der in signed]
    row_writes.insert(stored)
    mark_issued(attempts, now)
    made = [
        events.made(IssuanceEvent.ISSUED, attempt, CA_WORKER, now, sha256=certificate.sha256)
        for attempt, certificate in zip(attempts, stored, strict=True)
    ]
    events.insert(made)
    news = [{"reference": str(each.reference), "certificate_id": each.pk} for each in stored]
    outbox.enqueue_all("certificate.issued", news, now=now, paced=len(news) > FEW)
    # A key may have been blocked between marking and storing.
    leaked = blocked_among(digest for digests in known_by for digest in digests)
    return [
        each
        if leaked.isdisjoint(digests)
        else revoke(each.pk, COMPROMISE, actor=CA_WORKER, now=now)
        for each, digests in zip(stored, known_by, strict=True)
    ]


def _certificate(attempt: PreparedCertificate, der: bytes, term: int, now: datetime) -> Certificate:
    return Certificate(
        prepared=attempt,
        der=der,
        sha256=hashlib.sha256(der).hexdigest(),
        issued_at=now,
        term=term,
        **{name: getattr(attempt, name) for name in _CARRIED_OVER},
    )
