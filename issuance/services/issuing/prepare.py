"""Preparing: the exact bytes to be signed, linted and stored before anybody approves them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from certportal.foundation import events, rows
from certportal.foundation.actors import Actor, system
from certportal.foundation.models import Event
from issuance import journal
from issuance.authority.build import specimen
from issuance.faults import reach
from issuance.findings import RULE_SET_VERSION, Finding
from issuance.lint import lint
from issuance.models import PreparedCertificate
from issuance.orders import CertificateOrder
from issuance.plan import Plan, new_serial, serial_hex
from issuance.profiles import PROFILES
from issuance.services import locks
from issuance.services.attempts import attempts_of
from issuance.services.errors import AlreadySigning, NotReconciled
from issuance.services.evidence import Evidence, examine_all, has_error
from issuance.validity import preparation_expires, window

State = PreparedCertificate.State


def prepare(order: CertificateOrder, *, now: datetime) -> PreparedCertificate:
    """Make a new attempt for the order and void the earlier ones that were open.

    The attempt comes back ``prepared``, or ``refused`` with the errors among its findings.
    Raises AlreadySigning once a certificate is made or being made, NotReconciled when only the
    journal knows of one, KeyError for an unknown profile.
    """
    return prepare_all([order], now=now)[0]


def prepare_all(orders: Sequence[CertificateOrder], *, now: datetime) -> list[PreparedCertificate]:
    """Do as ``prepare`` for many orders, each with its own reference, in one transaction.

    The attempts come back in the order of ``orders``. All or none: what ``prepare`` raises for
    one of them keeps all back.
    """
    examined = examine_all(orders, now=now)
    built = _build(orders, examined, now)
    reach("prepare_after_build")
    with transaction.atomic():
        numbers = _next_attempts([order.reference for order in orders], now)
        attempts = [
            _attempt(order, evidence, numbers[order.reference], made, now)
            for order, evidence, made in zip(orders, examined, built, strict=True)
        ]
        rows.insert(attempts)
        ca = system("issuance")
        events.insert([_event("issuance.prepared", each, ca, now, each.state) for each in attempts])
        reach("prepare_before_commit")
    reach("prepare_after_commit")
    return attempts


def _attempt(
    order: CertificateOrder,
    evidence: Evidence,
    number: int,
    built: tuple[dict[str, Any], list[Finding]],
    now: datetime,
) -> PreparedCertificate:
    columns, findings = built
    profile, failed = PROFILES[order.profile_id], has_error(findings)
    return PreparedCertificate(
        reference=order.reference,
        replaces=order.replaces,
        attempt=number,
        state=State.REFUSED if failed else State.PREPARED,
        environment=profile.environment,
        profile_id=profile.id,
        profile_version=profile.version,
        rule_set_version=RULE_SET_VERSION,
        issuing_ca=None if failed else evidence.ca,
        organisation_id=order.organisation_id,
        spki_sha256=evidence.spki_sha256,
        csr_der=order.csr_der,
        csr_sha256=order.csr_sha256,
        submission_sha256=order.submission_sha256,
        register_record=order.register_record,
        findings=[finding.to_json() for finding in findings],
        created_at=now,
        expires_at=preparation_expires(now),
        **({} if failed else columns),
    )


def void(reference: UUID, reason: str, *, actor: Actor, now: datetime) -> int:
    """Void the open attempt of a reference, if any; return how many were.

    ``reason`` is a short id such as ``csr_replaced``; it is shown with the attempt. Raises
    AlreadySigning once a certificate is made or being made.
    """
    with transaction.atomic():
        locks.hold(f"issuance:{reference}")
        return _void(reference, reason, actor, now)


def _build(
    orders: Sequence[CertificateOrder], examined: Sequence[Evidence], now: datetime
) -> list[tuple[dict[str, Any], list[Finding]]]:
    """Columns of each built certificate, and all findings; no columns if it cannot be built.

    Each step is done for all before the next: after a lint the processor's caches are full of it,
    and building, for one, takes half as long again.
    """
    _require_reconciled(orders, examined)
    plans = [_plan(*each, now) for each in zip(orders, examined, strict=True)]
    made = [(plan, specimen(plan)) if plan else None for plan in plans]
    columns = [_columns(*each) if each else {} for each in made]
    linted = [lint(each[1], each[0]) if each else [] for each in made]
    return [
        (own, [*evidence.findings, *found])
        for evidence, own, found in zip(examined, columns, linted, strict=True)
    ]


def _plan(order: CertificateOrder, evidence: Evidence, now: datetime) -> Plan | None:
    """What to build; None if the evidence lets nothing be built."""
    if not evidence.sound or evidence.ca is None or evidence.key is None:
        return None
    profile = PROFILES[order.profile_id]
    not_before, not_after = window(order.validity_months, start=order.start, now=now)
    if order.ends is not None:
        not_after = min(not_after, order.ends)
    return Plan(
        issuer=evidence.ca.issuer(),
        profile=profile,
        subject=order.attributes(profile),
        dns_names=order.dns_names,
        purpose=order.purpose,
        public_key=evidence.key,
        serial=_unused_serial(evidence.ca.stem),
        not_before=not_before,
        not_after=not_after,
        emails=order.emails,
    )


def _require_reconciled(orders: Sequence[CertificateOrder], examined: Sequence[Evidence]) -> None:
    """Prepare nothing for a reference that has a certificate the database has lost.

    Whichever CA signed it: the one that issues now may have taken its place since.
    """
    wanted = [
        str(order.reference)
        for order, evidence in zip(orders, examined, strict=True)
        if evidence.sound and evidence.ca is not None
    ]
    signed = {one.reference for one in journal.anywhere(wanted)}
    if not signed:
        return
    known = PreparedCertificate.objects.filter(
        reference__in=signed, state__in=[State.SIGNING, State.ISSUED]
    )
    lost = signed - {str(each) for each in known.values_list("reference", flat=True)}
    raise NotReconciled if lost else AlreadySigning


def _unused_serial(stem: str) -> int:
    """A serial number that was never signed, also when the database is an older copy."""
    while journal.holds_serial(stem, serial := new_serial()):
        pass
    return serial


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


def _next_attempts(references: Sequence[UUID], now: datetime) -> dict[UUID, int]:
    """Void what is open and count on: the number of each reference's next attempt."""
    last = dict.fromkeys(references, 0)
    open_ = []
    names = [f"issuance:{reference}" for reference in references]
    for pk, reference, attempt, state in attempts_of(references, holding=names):
        last[reference] = max(last[reference], attempt)
        if state in (State.SIGNING, State.ISSUED):
            raise AlreadySigning
        open_ += [pk] if state == State.PREPARED else []
    if open_:
        for prepared in PreparedCertificate.objects.filter(pk__in=open_).select_for_update():
            close(prepared, "prepared_anew", actor=system("issuance"), now=now)
    return {reference: number + 1 for reference, number in last.items()}


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
    events.insert([_event("issuance.voided", prepared, actor, now, reason)])


def _event(
    action: str, prepared: PreparedCertificate, actor: Actor, now: datetime, outcome: str
) -> Event:
    return events.made(
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
