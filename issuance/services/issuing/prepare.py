"""Preparing a certificate: the exact bytes to sign are made, linted and stored for approval."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.database import row_writes
from certportal.foundation.database.database_clock import require_agreement
from certportal.foundation.models import Event
from certportal.foundation.step_durations import Step, timed
from issuance import journal
from issuance.authority.build import specimen
from issuance.certificate.lint import lint
from issuance.certificate.order import CertificateOrder
from issuance.certificate.plan import Plan, new_serial, serial_hex
from issuance.certificate.profiles import PROFILES
from issuance.certificate.validity import preparation_expires, window
from issuance.event_names import IssuanceEvent
from issuance.faults import reach
from issuance.findings import RULE_SET_VERSION, Finding
from issuance.models import PreparedCertificate
from issuance.services import locks
from issuance.services.errors import AlreadySigning, NotReconciled
from issuance.services.issuing.attempts import attempts_of
from issuance.services.issuing.evidence import Evidence, examine_all, has_error

State = PreparedCertificate.State


def prepare(order: CertificateOrder, *, now: datetime) -> PreparedCertificate:
    """Make a new attempt for the order and void an earlier one that is open.

    The returned attempt is ``prepared``, or ``refused`` with errors among its findings. Raises
    AlreadySigning if a certificate has been or is being signed, NotReconciled if only the journal
    has it, KeyError for an unknown profile.
    """
    return prepare_all([order], now=now)[0]


def prepare_all(orders: Sequence[CertificateOrder], *, now: datetime) -> list[PreparedCertificate]:
    """Like ``prepare`` for many orders with different references, in one transaction.

    The attempts are in the order of ``orders``. All or none: an error of one prevents all. Raises
    ClockDiffers, since the bytes say from when the certificate is valid.
    """
    require_agreement()
    examined = examine_all(orders, now=now)
    built = _build(orders, examined, now)
    reach("prepare_after_build")
    with transaction.atomic():
        numbers = _next_attempts([order.reference for order in orders], now)
        attempts = [
            _attempt(order, evidence, numbers[order.reference], made, now)
            for order, evidence, made in zip(orders, examined, built, strict=True)
        ]
        row_writes.insert(attempts)
        ca = system("issuance")
        events.insert(
            [_event(IssuanceEvent.PREPARED, each, ca, now, each.state) for each in attempts]
        )
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
        label=order.label,
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
        concerned=sorted(order.concerned),
        findings=[finding.to_json() for finding in findings],
        created_at=now,
        expires_at=preparation_expires(now),
        **({} if failed else columns),
    )


def void(reference: UUID, reason: str, *, actor: Actor, now: datetime) -> int:
    """Void the open attempt of a reference, if there is one; return the number voided.

    ``reason`` is a short code such as ``csr_replaced``, shown with the attempt. Raises
    AlreadySigning if a certificate has been or is being signed.
    """
    voided, signed = void_all([reference], reason, actor=actor, now=now)
    if signed:
        raise AlreadySigning
    return len(voided)


class Voided(NamedTuple):
    """The references whose attempt was voided, and those whose certificate is or was signed."""

    voided: set[UUID]
    signed: set[UUID]


@transaction.atomic
def void_all(references: Sequence[UUID], reason: str, *, actor: Actor, now: datetime) -> Voided:
    """Void the open attempts of the references, as `void` does, by a statement for all.

    Nothing is voided of a reference whose certificate has been or is being signed.
    """
    locks.hold(*(f"issuance:{reference}" for reference in references))
    attempts = PreparedCertificate.objects.filter(reference__in=references)
    signing = attempts.filter(state__in=[State.SIGNING, State.ISSUED])
    signed = set(signing.values_list("reference", flat=True))
    unsigned = attempts.filter(state=State.PREPARED).exclude(reference__in=signed)
    voided = list(unsigned.order_by("pk").select_for_update())
    close_all(voided, reason, actor=actor, now=now)
    return Voided({one.reference for one in voided}, signed)


def erase(references: Collection[UUID]) -> None:
    """Empty what attempts of the references that are closed tell of people.

    The request, of which the hash stays, the findings, which quote it, and who is concerned.
    """
    attempts = PreparedCertificate.objects.filter(reference__in=references)
    closed = attempts.exclude(state__in=[State.PREPARED, State.SIGNING])
    closed.update(csr_der=b"", findings=[], concerned=[])


def _build(
    orders: Sequence[CertificateOrder], examined: Sequence[Evidence], now: datetime
) -> list[tuple[dict[str, Any], list[Finding]]]:
    """For each order the model columns of the certificate (empty if not built) and all findings.

    Each step is done for all orders before the next step, because alternating with the lint
    displaces the processor's caches: building then takes half as long again.
    """
    _require_reconciled(orders, examined)
    plans = [_plan(*each, now) for each in zip(orders, examined, strict=True)]
    made = [(plan, specimen(plan)) if plan else None for plan in plans]
    columns = [_columns(*each) if each else {} for each in made]
    linted = [_lint(*each) if each else [] for each in made]
    return [
        (own, [*evidence.findings, *found])
        for evidence, own, found in zip(examined, columns, linted, strict=True)
    ]


def _lint(plan: Plan, made: x509.Certificate) -> list[Finding]:
    with timed(Step.LINT):
        return lint(made, plan)


def _plan(order: CertificateOrder, evidence: Evidence, now: datetime) -> Plan | None:
    """The plan of the certificate; None if the evidence is not sound."""
    if not evidence.sound or evidence.ca is None or evidence.key is None:
        return None
    profile = PROFILES[order.profile_id]
    not_before, not_after = window(order.validity_months, start=order.start, now=now)
    if order.ends is not None:
        not_after = min(not_after, order.ends)
    # Not in the journal, so new even if the database is an older copy.
    stem = evidence.ca.stem
    while journal.holds_serial(stem, serial := new_serial()):
        pass
    return Plan(
        issuer=evidence.ca.issuer(),
        profile=profile,
        subject=order.attributes(profile),
        dns_names=order.dns_names,
        purpose=order.purpose,
        public_key=evidence.key,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        emails=order.emails,
    )


def _require_reconciled(orders: Sequence[CertificateOrder], examined: Sequence[Evidence]) -> None:
    """Raise NotReconciled if only the journal has a certificate for one of the references.

    The journals of all CAs are consulted, since another CA may have signed it before. Raises
    AlreadySigning if the database has it too.
    """
    wanted = [
        str(order.reference)
        for order, evidence in zip(orders, examined, strict=True)
        if evidence.sound and evidence.ca is not None
    ]
    signed = {entry.reference for entry in journal.anywhere(wanted)}
    if not signed:
        return
    known = PreparedCertificate.objects.filter(
        reference__in=signed, state__in=[State.SIGNING, State.ISSUED]
    )
    lost = signed - {str(each) for each in known.values_list("reference", flat=True)}
    raise NotReconciled if lost else AlreadySigning


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
    """Void open attempts and return the next attempt number by reference."""
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


def close(prepared: PreparedCertificate, reason: str, *, actor: Actor, now: datetime) -> None:
    """Void a locked attempt, with ``reason`` as a short code."""
    close_all([prepared], reason, actor=actor, now=now)


def close_all(
    attempts: Sequence[PreparedCertificate], reason: str, *, actor: Actor, now: datetime
) -> None:
    """Void locked attempts, as `close` does."""
    if not attempts:
        return
    changes = {"state": State.VOID, "void_reason": reason, "closed_at": now}
    for prepared in attempts:
        for name, value in changes.items():
            setattr(prepared, name, value)
    PreparedCertificate.objects.filter(pk__in=[one.pk for one in attempts]).update(**changes)
    events.insert([_event(IssuanceEvent.VOIDED, one, actor, now, reason) for one in attempts])


def _event(
    name: IssuanceEvent, prepared: PreparedCertificate, actor: Actor, now: datetime, outcome: str
) -> Event:
    return events.made(
        name,
        prepared,
        actor,
        now,
        refused=prepared.state == State.REFUSED,
        attempt=prepared.attempt,
        outcome=outcome,
        rule_set_version=prepared.rule_set_version,
        # Rule ids only; the findings with their parameters are stored in the attempt.
        findings=sorted({finding["rule"] for finding in prepared.findings}),
    )
