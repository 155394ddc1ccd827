"""Issuing: one signature over the approved bytes. Runs in the ``ca`` worker only.

The steps, and what a worker killed between any two of them leaves behind:

1. ``_begin`` stores that the attempt is signing. Before: nothing happened. After: the attempt can
   no longer be voided, and the next run goes on from here.
2. Sign. The signature exists in this process only; the next run makes it anew, over the same
   bytes with the same serial.
3. Append to the journal. From here on the next run takes the certificate from the journal.
4. Store the certificate, the event and the news of it, in one transaction.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import transaction

from certportal.foundation import events, outbox
from certportal.foundation.actors import system
from issuance import journal
from issuance.authority.sign import sign_certificate, verify_certificate
from issuance.faults import reach
from issuance.findings import RULE_SET_VERSION
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.profiles import PROFILES
from issuance.services import locks
from issuance.services.approve import approval_state
from issuance.services.keys import is_blocked, key_findings
from issuance.services.prepare import close
from issuance.services.revoke import COMPROMISE, revoke
from issuance.services.signing import signer_for
from issuance.signers import Signer

State = PreparedCertificate.State
CA_WORKER = system("ca")
_JOURNALLED = (
    "environment",
    "profile_id",
    "profile_version",
    "rule_set_version",
    "spki_sha256",
    "csr_sha256",
    "submission_sha256",
    "register_record",
)
_CARRIED_OVER = (
    "reference",
    "issuing_ca",
    "organisation",
    "environment",
    "profile_id",
    "profile_version",
    "serial",
    "spki_sha256",
    "not_before",
    "not_after",
)


def issue(
    reference: UUID,
    *,
    now: datetime,
    load_signer: Callable[[IssuingCA], Signer] = signer_for,
) -> Certificate | None:
    """Issue the certificate approved for ``reference``, or return the one issued before.

    None: the authority refused, the attempt is void and ``certificate.refused`` was enqueued.
    Raises Unavailable (signer, journal, another worker): to be tried again.
    """
    with locks.alone(f"issuing:{reference}"):
        if issued := Certificate.objects.filter(reference=reference).first():
            return issued
        attempt = PreparedCertificate.objects.filter(reference=reference, state=State.SIGNING)
        prepared = attempt.select_related("issuing_ca").first()
        signed = prepared and _from_journal(prepared)
        if prepared is None:
            prepared = _begin(reference, now, load_signer)
        if prepared is None:
            return None
        reach("after_begin")
        return _store(prepared, signed or _sign(prepared, load_signer), now)


def _begin(
    reference: UUID, now: datetime, load_signer: Callable[[IssuingCA], Signer]
) -> PreparedCertificate | None:
    """Check everything again and mark the attempt as signing; or refuse it."""
    waiting = PreparedCertificate.objects.filter(reference=reference, state=State.PREPARED)
    if open_attempt := waiting.select_related("issuing_ca").first():
        load_signer(_ca(open_attempt))  # a lost key stops here, while all can still be recalled
        journal.ensure_room(_ca(open_attempt).stem)
    reach("before_begin")
    with transaction.atomic():
        locks.hold(f"issuance:{reference}")
        prepared = waiting.select_related("issuing_ca").select_for_update(of=("self",)).first()
        if prepared is None:
            _refuse(reference, None, "nothing_prepared", now)
            return None
        locks.hold(f"key:{prepared.spki_sha256}")
        if reason := _fault(prepared, now):
            _refuse(reference, prepared, reason, now)
            return None
        prepared.state = State.SIGNING
        prepared.save(update_fields=["state"])
        _record("issuance.signing", prepared, now)
    return prepared


def _fault(prepared: PreparedCertificate, now: datetime) -> str:
    """Why the attempt may not be signed now: a short id; empty if it may."""
    if now >= prepared.expires_at:
        return "expired"
    if _ca(prepared).state != IssuingCA.State.ACTIVE:
        return "ca_not_active"
    if not _rules_stand(prepared):
        return "rules_changed"
    if not approval_state(prepared).complete:
        return "approvals_missing"
    findings = key_findings(prepared.spki_sha256, prepared.reference, replaces=prepared.replaces)
    return next((finding.rule for finding in findings), "")


def _rules_stand(prepared: PreparedCertificate) -> bool:
    """Whether it was prepared, and so linted, by the rules and the profile of today."""
    profile = PROFILES.get(prepared.profile_id)
    version = profile.version if profile else None
    return (prepared.rule_set_version, prepared.profile_version) == (RULE_SET_VERSION, version)


def _refuse(
    reference: UUID, prepared: PreparedCertificate | None, reason: str, now: datetime
) -> None:
    if prepared is not None:
        close(prepared, reason, actor=CA_WORKER, now=now)
    events.record(
        "issuance.refused",
        actor=CA_WORKER,
        now=now,
        object_type="reference",
        object_id=reference,
        refused=True,
        data={"reason": reason},
    )
    outbox.enqueue("certificate.refused", now=now, reference=str(reference), reason=reason)


def _from_journal(prepared: PreparedCertificate) -> bytes | None:
    """The certificate an earlier run signed for this attempt, if it got as far."""
    ca = _ca(prepared)
    entry = journal.find(ca.stem, reference=str(prepared.reference), attempt=prepared.attempt)
    if entry is None:
        return None
    verify_certificate(entry.der, bytes(prepared.tbs), ca.certificate)
    return entry.der


def _sign(prepared: PreparedCertificate, load_signer: Callable[[IssuingCA], Signer]) -> bytes:
    ca = _ca(prepared)
    signer = load_signer(ca)
    journal.ensure_room(ca.stem)
    reach("before_signing")
    der = sign_certificate(bytes(prepared.tbs), prepared.tbs_sha256, signer)
    reach("after_signing")
    journal.append(ca.stem, _journal_entry(prepared, der))
    reach("after_journal")
    return der


def _journal_entry(prepared: PreparedCertificate, der: bytes) -> journal.Entry:
    facts = {name: getattr(prepared, name) for name in _JOURNALLED}
    facts["organisation_id"] = str(prepared.organisation_id)
    reference = str(prepared.reference)
    return journal.Entry(reference, prepared.attempt, prepared.serial, der, facts)


def _store(prepared: PreparedCertificate, der: bytes, now: datetime) -> Certificate:
    with transaction.atomic():
        locks.hold(f"key:{prepared.spki_sha256}")
        certificate = Certificate.objects.create(
            prepared=prepared,
            der=der,
            sha256=hashlib.sha256(der).hexdigest(),
            issued_at=now,
            **{name: getattr(prepared, name) for name in _CARRIED_OVER},
        )
        prepared.state, prepared.closed_at = State.ISSUED, now
        prepared.save(update_fields=["state", "closed_at"])
        _record("issuance.issued", prepared, now, sha256=certificate.sha256)
        outbox.enqueue(
            "certificate.issued",
            now=now,
            reference=str(prepared.reference),
            certificate_id=certificate.pk,
        )
        if is_blocked(prepared.spki_sha256):  # it leaked while the attempt waited to be signed
            certificate = revoke(certificate.pk, COMPROMISE, actor=CA_WORKER, now=now)
        reach("before_commit")
    reach("after_commit")
    return certificate


def _ca(prepared: PreparedCertificate) -> IssuingCA:
    """The issuing CA, which every attempt not refused has (a constraint sees to it)."""
    return cast(IssuingCA, prepared.issuing_ca)


def _record(action: str, prepared: PreparedCertificate, now: datetime, **data: str) -> None:
    events.record(
        action,
        actor=CA_WORKER,
        now=now,
        object_type="prepared_certificate",
        object_id=prepared.pk,
        organisation_id=prepared.organisation_id,
        data={"reference": str(prepared.reference), "serial": prepared.serial, **data},
    )
