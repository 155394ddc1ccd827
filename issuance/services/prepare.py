"""Preparing: the exact bytes to be signed, linted and stored before anybody approves them."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from issuance.authority.build import specimen
from issuance.faults import reach
from issuance.findings import RULE_SET_VERSION, Finding
from issuance.lint import lint
from issuance.models import PreparedCertificate
from issuance.orders import CertificateOrder
from issuance.plan import Plan, new_serial, serial_hex
from issuance.profiles import PROFILES
from issuance.services import locks
from issuance.services.errors import AlreadySigning
from issuance.services.evidence import Evidence, examine, has_error
from issuance.validity import preparation_expires, window

State = PreparedCertificate.State


def prepare(order: CertificateOrder, *, now: datetime) -> PreparedCertificate:
    """Make a new attempt for the order and void the earlier ones that were open.

    The attempt comes back ``prepared``, or ``refused`` with the errors among its findings.
    Raises AlreadySigning once a certificate is made or being made, KeyError for an unknown
    profile.
    """
    profile = PROFILES[order.profile_id]
    evidence = examine(order, now=now)
    built, findings = _build(order, evidence, now)
    with transaction.atomic():
        number = _next_attempt(order.reference, now)
        prepared = PreparedCertificate.objects.create(
            reference=order.reference,
            replaces=order.replaces,
            attempt=number,
            state=State.REFUSED if has_error(findings) else State.PREPARED,
            environment=profile.environment,
            profile_id=profile.id,
            profile_version=profile.version,
            rule_set_version=RULE_SET_VERSION,
            organisation_id=order.organisation_id,
            spki_sha256=evidence.spki_sha256,
            csr_der=order.csr_der,
            csr_sha256=order.csr_sha256,
            submission_sha256=order.submission_sha256,
            register_record=order.register_record,
            findings=[finding.to_json() for finding in findings],
            created_at=now,
            expires_at=preparation_expires(now),
            **({} if has_error(findings) else built),
        )
        _record("issuance.prepared", prepared, system("issuance"), now, prepared.state)
        reach("prepare_before_commit")
    return prepared


def void(reference: UUID, reason: str, *, actor: Actor, now: datetime) -> int:
    """Void the open attempt of a reference, if any; return how many were.

    ``reason`` is a short id such as ``csr_replaced``; it is shown with the attempt. Raises
    AlreadySigning once a certificate is made or being made.
    """
    with transaction.atomic():
        locks.hold(f"issuance:{reference}")
        return _void(reference, reason, actor, now)


def _build(
    order: CertificateOrder, evidence: Evidence, now: datetime
) -> tuple[dict[str, Any], list[Finding]]:
    """Columns of the built certificate, and all findings; no columns if it cannot be built."""
    if not evidence.sound or evidence.ca is None or evidence.key is None:
        return {}, list(evidence.findings)
    profile = PROFILES[order.profile_id]
    not_before, not_after = window(order.validity_months, start=order.start, now=now)
    plan = Plan(
        issuer=evidence.ca.issuer(),
        profile=profile,
        subject=order.attributes(profile),
        dns_names=order.dns_names,
        purpose=order.purpose,
        public_key=evidence.key,
        serial=new_serial(),
        not_before=not_before,
        not_after=not_after,
        emails=order.emails,
    )
    certificate = specimen(plan)
    columns = _columns(plan, certificate) | {"issuing_ca": evidence.ca}
    return columns, [*evidence.findings, *lint(certificate, plan)]


def _columns(plan: Plan, certificate: x509.Certificate) -> dict[str, Any]:
    tbs = certificate.tbs_certificate_bytes
    return {
        "serial": serial_hex(plan.serial),
        "tbs": tbs,
        "tbs_sha256": hashlib.sha256(tbs).hexdigest(),
        "specimen_der": certificate.public_bytes(Encoding.DER),
        "not_before": plan.not_before,
        "not_after": plan.not_after,
    }


def _next_attempt(reference: UUID, now: datetime) -> int:
    locks.hold(f"issuance:{reference}")
    _void(reference, "prepared_anew", system("issuance"), now)
    last = PreparedCertificate.objects.filter(reference=reference).order_by("-attempt").first()
    return last.attempt + 1 if last else 1


def _void(reference: UUID, reason: str, actor: Actor, now: datetime) -> int:
    attempts = PreparedCertificate.objects.filter(reference=reference)
    if attempts.filter(state__in=[State.SIGNING, State.ISSUED]).exists():
        raise AlreadySigning
    voided = 0
    for prepared in attempts.filter(state=State.PREPARED).select_for_update():
        close(prepared, reason, actor=actor, now=now)
        voided += 1
    return voided


def close(prepared: PreparedCertificate, reason: str, *, actor: Actor, now: datetime) -> None:
    """Make a locked, open attempt void for ``reason``."""
    prepared.state, prepared.void_reason, prepared.closed_at = State.VOID, reason, now
    prepared.save(update_fields=["state", "void_reason", "closed_at"])
    _record("issuance.voided", prepared, actor, now, reason)


def _record(
    action: str, prepared: PreparedCertificate, actor: Actor, now: datetime, outcome: str
) -> None:
    events.record(
        action,
        actor=actor,
        now=now,
        object_type="prepared_certificate",
        object_id=prepared.pk,
        organisation_id=prepared.organisation_id,
        refused=prepared.state == State.REFUSED,
        data={
            "reference": str(prepared.reference),
            "attempt": prepared.attempt,
            "outcome": outcome,
            "tbs_sha256": prepared.tbs_sha256,
        },
    )
