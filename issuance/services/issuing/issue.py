"""Issuing: one signature over the approved bytes. Runs in the ``ca`` worker only.

The steps, and what a worker killed between any two of them leaves behind:

1. ``_begin`` stores that the attempt is signing. Before: nothing happened. After: the attempt can
   no longer be voided, and the next run goes on from here; only if its CA has gone out of use
   before it signed does the next run give the attempt up.
2. Sign. The signature exists in this process only; the next run makes it anew, over the same
   bytes with the same serial.
3. Append to the journal. From here on the next run takes the certificate from the journal.
4. Store the certificate, the event and the news of it, in one transaction.

Many at once go through the same steps together, with one transaction, one append and one fsync.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from certportal.foundation import events, outbox
from issuance import journal
from issuance.faults import reach
from issuance.findings import RULE_SET_VERSION
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.profiles import PROFILES
from issuance.services import attempts, locks
from issuance.services.approve import ApprovalState, approval_states
from issuance.services.errors import NotReconciled
from issuance.services.keys import KeyOf, findings_of_keys
from issuance.services.prepare import close
from issuance.services.signed import CA_WORKER, event, sign, store
from issuance.services.signing import signer_for
from issuance.signers import Signer

State = PreparedCertificate.State

type LoadSigner = Callable[[IssuingCA], Signer]


def issue(
    reference: UUID, *, now: datetime, load_signer: LoadSigner = signer_for
) -> Certificate | None:
    """Issue the certificate approved for ``reference``, or return the one issued before.

    None: the authority refused, the attempt is void and ``certificate.refused`` was enqueued.
    Raises Unavailable (signer, journal, another worker): to be tried again.
    """
    return issue_all([reference], now=now, load_signer=load_signer)[0]


def issue_all(
    references: Sequence[UUID], *, now: datetime, load_signer: LoadSigner = signer_for
) -> list[Certificate | None]:
    """Do as ``issue`` for many references; the answers come in their order.

    A refusal of one keeps none of the others back. What is unavailable for one is for all, and
    trying all again is safe at any time.
    """
    with locks.alone(*(f"issuing:{reference}" for reference in references)):
        known = attempts.read(references)
        begun = _begin(references, known, now, load_signer)
        reach("after_begin")
        stored = store(sign(begun, load_signer), now)
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
    """What is to be signed: marked so by an earlier run, or checked again and marked now."""
    marked = [each for each in known.values() if each.state == State.SIGNING]
    signing = _signed_still(marked, now)
    waiting = [each for each in known.values() if each.state == State.PREPARED]
    unknown = [reference for reference in references if reference not in known]
    _require_means(waiting, load_signer)
    reach("before_begin")
    return [*signing, *_mark(waiting, unknown, now)] if waiting or unknown else signing


def _signed_still(
    marked: Sequence[PreparedCertificate], now: datetime
) -> list[PreparedCertificate]:
    """Those marked that go on: a CA out of use signs no more than its journal tells it has."""
    left = [each for each in marked if _is_out_of_use(attempts.ca_of(each))]
    for ca in {attempts.ca_of(each) for each in left}:
        _require_journal(ca)
    given_up = [each for each in left if _unsigned(each)]
    if given_up:
        with transaction.atomic():
            locks.hold(*(f"issuance:{each.reference}" for each in given_up))
            for each in given_up:
                _refuse(each.reference, each, "ca_not_active", now)
    return [each for each in marked if each not in given_up]


def _is_out_of_use(ca: IssuingCA) -> bool:
    return ca.state in {IssuingCA.State.RETIRED, IssuingCA.State.REVOKED}


def _require_journal(ca: IssuingCA) -> None:
    """A journal on a disk that is not there tells of nothing: it must know the last certificate."""
    made = Certificate.objects.filter(issuing_ca=ca).order_by("-pk")
    last = made.values_list("serial", flat=True).first()
    if last is not None and not journal.holds_serial(ca.stem, int(last, 16)):
        raise journal.JournalUnavailable(f"{ca.stem}: lacks its last certificate")


def _unsigned(attempt: PreparedCertificate) -> bool:
    stem, reference = attempts.ca_of(attempt).stem, str(attempt.reference)
    return journal.find(stem, reference=reference, attempt=attempt.attempt) is None


def _require_means(waiting: Sequence[PreparedCertificate], load_signer: LoadSigner) -> None:
    """A lost key and a full disk stop here, while all can still be recalled.

    What a CA out of use is not going to sign needs neither.
    """
    for ca in {attempts.ca_of(each) for each in waiting}:
        if not _is_out_of_use(ca):
            load_signer(ca)
            journal.ensure_room(ca.stem)
    if lost := journal.anywhere([str(each.reference) for each in waiting]):
        raise NotReconciled(lost[0].reference)


def _mark(
    waiting: Sequence[PreparedCertificate], unknown: Iterable[UUID], now: datetime
) -> list[PreparedCertificate]:
    """Check everything again and mark as signing, or refuse; what was marked."""
    with transaction.atomic():
        names = [f"issuance:{each.reference}" for each in waiting]
        names += [f"key:{each.spki_sha256}" for each in waiting]
        states = attempts.lock(waiting, holding=names)
        for reference in (*unknown, *(w.reference for w in waiting if w.pk not in states)):
            _refuse(reference, None, "nothing_prepared", now)
        open_ = [each for each in waiting if each.pk in states]
        faults = _faults(open_, states, now)
        for each in open_:
            if reason := faults[each.pk]:
                _refuse(each.reference, each, reason, now)
        marked = [each for each in open_ if not faults[each.pk]]
        if marked:
            attempts.mark_signing(marked)
            events.insert([event("issuance.signing", each, now) for each in marked])
        reach("begin_before_commit")
    return marked


def _faults(
    open_: Sequence[PreparedCertificate], states: Mapping[int, str], now: datetime
) -> dict[int, str]:
    """Why each attempt may not be signed now, by its id: a short id; empty if it may."""
    approvals = approval_states(open_) if open_ else {}
    keys = [KeyOf(each.spki_sha256, each.reference, each.replaces) for each in open_]
    known = findings_of_keys(keys) if keys else []
    faults, marked = {}, set[str]()
    for each, findings in zip(open_, known, strict=True):
        fault = _fault(each, states[each.pk], approvals[each.pk], now)
        fault = fault or next((finding.rule for finding in findings), "")
        if not fault and each.spki_sha256 in marked:
            fault = "key.in_use"  # by another of this very batch
        faults[each.pk] = fault
        marked |= set() if fault else {each.spki_sha256}
    return faults


def _fault(
    attempt: PreparedCertificate, ca_state: str, approvals: ApprovalState, now: datetime
) -> str:
    if now >= attempt.expires_at:
        return "expired"
    if ca_state != IssuingCA.State.ACTIVE:
        return "ca_not_active"
    if not _rules_stand(attempt):
        return "rules_changed"
    return "" if approvals.complete else "approvals_missing"


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
