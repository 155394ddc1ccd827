"""Issuing: one signature over the approved bytes. Runs in the ``ca`` worker only.

The steps, and the state after a worker was killed between two of them:

1. ``_begin`` sets the attempt's state to signing, if this machine's journal has the lease. Before
   this, nothing has happened. After it, the next run continues here, and the attempt is voided only
   if, before it was signed, its CA was taken out of use or an approver's proof lapsed, or by a
   take-over after the journal was lost.
2. Sign. The signature exists in this process only; the next run signs the same bytes, with the
   same serial number, again.
3. Append to the journal. After this, the next run takes the certificate from the journal.
4. Store the certificate, its event and outbox item in one transaction.

Many certificates go through the steps together, with one transaction, one append and one fsync.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from certportal.foundation import events
from certportal.foundation.models import Event
from certportal.foundation.outbox import outbox
from issuance import journal
from issuance.event_names import IssuanceEvent
from issuance.faults import reach
from issuance.findings import RULE_SET_VERSION
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.services import lease, locks
from issuance.services.blocked_keys import KeyOf, findings_of_keys
from issuance.services.errors import NotReconciled
from issuance.services.event_log.evidence import was_marked
from issuance.services.issuing import approve, attempts, journal_approved
from issuance.services.issuing.prepare import close
from issuance.services.issuing.reexamine import broken_rules, is_of_this_version
from issuance.services.issuing.sign_attempts import CA_WORKER, sign, store
from issuance.services.issuing.verify_approvals import unproved
from issuance.services.signer import LoadSigner, signer_for

State = PreparedCertificate.State


def issue(
    reference: UUID, *, now: datetime, load_signer: LoadSigner = signer_for
) -> Certificate | None:
    """Issue the certificate approved for ``reference``, or return it if it was issued before.

    Returns None if the CA refused: the attempt is void and ``certificate.refused`` is enqueued.
    Raises Unavailable (signer, journal, lease, another worker): the caller must retry.
    """
    return issue_all([reference], now=now, load_signer=load_signer)[0]


def issue_all(
    references: Sequence[UUID], *, now: datetime, load_signer: LoadSigner = signer_for
) -> list[Certificate | None]:
    """Like ``issue`` for many references; the results are in the same order.

    A refused reference does not hold up the others. Unavailable is raised for all of them;
    retrying all is always safe.
    """
    with locks.alone(*(f"issuing:{reference}" for reference in references)):
        known = attempts.read(references)
        begun = _begin(references, known, now, load_signer)
        reach("after_begin")
        stored = store(sign(begun, load_signer, now), now)
        issued = {each.reference: each for each in (*_issued_before(known), *stored)}
    return [issued.get(reference) for reference in references]


def _issued_before(known: Mapping[UUID, PreparedCertificate]) -> Iterable[Certificate]:
    before = [each.reference for each in known.values() if each.state == State.ISSUED]
    return Certificate.objects.filter(reference__in=before) if before else []


def _begin(
    references: Sequence[UUID],
    known: Mapping[UUID, PreparedCertificate],
    now: datetime,
    load_signer: LoadSigner,
) -> list[PreparedCertificate]:
    """The attempts to sign: those marked by an earlier run, and those checked and marked now."""
    signing = _continued([each for each in known.values() if each.state == State.SIGNING], now)
    waiting = [each for each in known.values() if each.state == State.PREPARED]
    unknown = [reference for reference in references if reference not in known]
    _require_signers(waiting, load_signer)
    others = [each for each in waiting if not is_of_this_version(each)]
    again = {each.pk: broken_rules(each, now=now) for each in others}
    reach("before_begin")
    return [*signing, *_mark(waiting, unknown, again, now)] if waiting or unknown else signing


def _continued(marked: Sequence[PreparedCertificate], now: datetime) -> list[PreparedCertificate]:
    """The marked attempts to continue with, after voiding those that must not be signed any more.

    Only attempts without a certificate in the journal are voided.
    """
    unsigned = [each for each in marked if _is_unsigned(each)]
    reasons = _reasons_against(unsigned, now)
    abandoned = [each for each in unsigned if each.pk in reasons]
    for ca in {attempts.ca_of(each) for each in abandoned}:
        lease.require_journal(ca)
    if abandoned:
        with transaction.atomic():
            lease.hold()
            locks.hold(*(f"issuance:{each.reference}" for each in abandoned))
            for each in abandoned:
                refuse(each.reference, each, reasons[each.pk], now)
    return [each for each in marked if each not in abandoned]


def _reasons_against(unsigned: Sequence[PreparedCertificate], now: datetime) -> dict[int, str]:
    """Why attempts must not be signed, by id: the CA is out of use, or proofs of approval lapsed.

    An attempt that lacks proofs and has no event of a run that marked it is left alone: somebody
    must find out who marked it.
    """
    reasons = {
        each.pk: "ca_not_active" for each in unsigned if _is_out_of_use(attempts.ca_of(each))
    }
    others = [each for each in unsigned if each.pk not in reasons]
    lacking = unproved(others, now)
    lapsed = [each.pk for each in others if each.pk in lacking and was_marked(each)]
    return reasons | dict.fromkeys(lapsed, "approval_not_proved")


def _is_out_of_use(ca: IssuingCA) -> bool:
    return ca.state in {IssuingCA.State.RETIRED, IssuingCA.State.REVOKED}


def _is_unsigned(attempt: PreparedCertificate) -> bool:
    stem, reference = attempts.ca_of(attempt).stem, str(attempt.reference)
    return journal.find(stem, reference=reference, attempt=attempt.attempt) is None


def _require_signers(waiting: Sequence[PreparedCertificate], load_signer: LoadSigner) -> None:
    """Raise Unavailable for a missing key or a full disk, while the attempts can still be voided.

    A CA out of use signs nothing and needs neither. Raises NotReconciled if the journal has a
    certificate for a reference that the database regards as not signed, NobodyApproved if it has
    one that nobody approved.
    """
    for ca in {attempts.ca_of(each) for each in waiting}:
        journal_approved.require(ca)
        if not _is_out_of_use(ca):
            load_signer(ca)
            journal.ensure_room(ca.stem)
    if lost := journal.anywhere([str(each.reference) for each in waiting]):
        raise NotReconciled(lost[0].reference)


def _mark(
    waiting: Sequence[PreparedCertificate],
    unknown: Iterable[UUID],
    again: Mapping[int, list[str]],
    now: datetime,
) -> list[PreparedCertificate]:
    """Check everything again, and mark each attempt as signing or refuse it; return the marked.

    ``again``: by id of an attempt of another version, the rules of this version that it breaks.
    """
    with transaction.atomic():
        lease.hold()
        names = [f"issuance:{each.reference}" for each in waiting]
        known_by = {each.pk: attempts.hashes(each) for each in waiting}
        names += [f"key:{digest}" for digests in known_by.values() for digest in digests]
        states = attempts.lock(waiting, holding=names)
        for reference in (*unknown, *(w.reference for w in waiting if w.pk not in states)):
            refuse(reference, None, "nothing_prepared", now)
        open_ = [each for each in waiting if each.pk in states]
        faults = _faults(open_, states, again, known_by, now)
        for each in open_:
            if reason := faults[each.pk]:
                refuse(each.reference, each, reason, now, again.get(each.pk, []))
        marked = [each for each in open_ if not faults[each.pk]]
        if marked:
            attempts.mark_signing(marked)
            events.insert([_signing(each, now, again=each.pk in again) for each in marked])
        reach("begin_before_commit")
    return marked


def _signing(attempt: PreparedCertificate, now: datetime, *, again: bool) -> Event:
    """The event; for an attempt of another version with the rule set that it was re-examined by."""
    data: dict[str, Any] = {"rule_set_version": RULE_SET_VERSION} if again else {}
    return events.made(IssuanceEvent.SIGNING, attempt, CA_WORKER, now, **data)


def _faults(
    open_: Sequence[PreparedCertificate],
    states: Mapping[int, str],
    again: Mapping[int, list[str]],
    known_by: Mapping[int, list[str]],
    now: datetime,
) -> dict[int, str]:
    """By attempt id, a short code for why it may not be signed now; empty if it may."""
    standing = approve.standing_approvals(open_) if open_ else []
    approvals = approve.approval_states(open_, standing)
    lacking, revoked = unproved(open_, now, standing), _revoked(open_)
    keys = [KeyOf(a.spki_sha256, a.reference, a.replaces, known_by[a.pk]) for a in open_]
    known = findings_of_keys(keys) if keys else []
    faults, marked = {}, set[str]()
    for each, findings in zip(open_, known, strict=True):
        fault = _fault(each, states[each.pk], approvals[each.pk], now)
        fault = fault or ("approval_not_proved" if each.pk in lacking else "")
        fault = fault or ("rules_changed" if again.get(each.pk) else "")
        fault = fault or ("revoked_meanwhile" if each.replaces in revoked else "")
        fault = fault or next((finding.rule for finding in findings), "")
        if not fault and not marked.isdisjoint(known_by[each.pk]):
            fault = "key.in_use"  # by another attempt of this batch
        faults[each.pk] = fault
        marked |= set() if fault else set(known_by[each.pk])
    return faults


def _revoked(attempts: Iterable[PreparedCertificate]) -> set[UUID | None]:
    """The references of replaced certificates that were revoked: their holders want no new ones."""
    replaced = [each.replaces for each in attempts if each.replaces]
    if not replaced:
        return set()
    revoked = Certificate.objects.filter(reference__in=replaced, state=Certificate.State.REVOKED)
    return set(revoked.values_list("reference", flat=True))


def _fault(
    attempt: PreparedCertificate, ca_state: str, approvals: approve.ApprovalState, now: datetime
) -> str:
    if not attempt.is_timely(now):
        return "expired"
    if ca_state != IssuingCA.State.ACTIVE:
        return "ca_not_active"
    if approvals.until is not None and now >= approvals.until:
        return "waiver_ended"
    return "" if approvals.complete else "approvals_missing"


def refuse(
    reference: UUID,
    prepared: PreparedCertificate | None,
    reason: str,
    now: datetime,
    broken: Sequence[str] = (),
) -> None:
    """Void the locked attempt, if there is one, and tell the registration authority why."""
    if prepared is not None:
        close(prepared, reason, actor=CA_WORKER, now=now)
    events.record(
        IssuanceEvent.REFUSED,
        events.Subject("reference", reference),
        CA_WORKER,
        now,
        refused=True,
        reason=reason,
        **{"rules": list(broken)} if broken else {},
        **prepared.event_data if prepared else {},
    )
    outbox.enqueue("certificate.refused", now=now, reference=str(reference), reason=reason)
