"""Mass replacement: an operator plans it, two reviewers approve, and the CA issues.

No step waits until the CA has issued. Every step may be interrupted at any point and run again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Organisation, Person
from accounts.services import mailing
from applications.checks import still_true
from applications.errors import require
from applications.models import Application, Replacement, ReplacementApproval, ReplacementItem
from applications.replacement import selection
from applications.replacement.differences import changes
from applications.rules import impartiality, reviewers_day
from applications.rules.impartiality import PartInAll, traces_of
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.database.database_clock import require_agreement
from certportal.foundation.errors import NotAllowed, Refused, Stale
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.text.wording import filled
from issuance import services as authority
from issuance.approvers.assertion import Assertion
from issuance.certificate.validity import preparation_expires
from issuance.models import Certificate, PreparedCertificate
from issuance.services.errors import AlreadySigning
from issuance.services.issuing.approve import approval_states
from issuance.services.issuing.to_sign import FOR_REISSUE, plan_challenge, plan_proof

State = ReplacementItem.State
BATCH = 100
CONFIRMED = "certificates.confirmed"
CONFIRMER = system("confirm")


class PlanOver(Stale):
    """The plan is not finished, has expired, or has another digest than the page showed."""

    message = _(
        "This plan can no longer be approved or carried out. Certificates begun are issued to the"
        " end; for the others an operator makes a new plan."
    )


class PersonsMissing(NotAllowed):
    message = filled(
        _("%(persons)s reviewers must approve the plan before it is carried out."),
        persons=FOR_REISSUE,
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """The outcome of one batch: counts, and `last`, the key after which the next one begins."""

    last: int
    released: int = 0
    refused: int = 0
    unapproved: int = 0


def plan(
    wanted: selection.Selection,
    *,
    cause: str,
    note: str,
    revoke_on: date | None,
    made_by: str,
    actor: Actor,
    now: datetime,
) -> Replacement:
    """Make a plan: for each certificate selected by `wanted`, prepare a new one for the same key.

    Enqueues mails to the reviewers. Raises Unavailable when the mirror of the register is too old.
    """
    plan = Replacement.objects.create(
        cause=cause,
        note=note,
        wanted=wanted.to_json(),
        revoke_on=revoke_on,
        made_by=made_by,
        made_at=now,
        expires_at=preparation_expires(now),
    )
    for batch in batched(selection.chosen(wanted, now=now).iterator(chunk_size=BATCH), BATCH):
        _plan_batch(plan, batch, now)
    return _finish(plan, actor, now)


@transaction.atomic
def _plan_batch(plan: Replacement, certificates: Sequence[Certificate], now: datetime) -> None:
    orders = selection.orders_by_reference(certificates)
    concerned = traces_of(orders.values())
    items = [ReplacementItem(replacement=plan, certificate=old) for old in certificates]
    ready = []
    for item in items:
        order = orders.get(item.certificate.reference)
        item.reason = selection.unfit(item.certificate, order, now=now)
        if order is not None and not item.reason:
            ready.append((item, selection.order_for(item, order, concerned[order.pk], now=now)))
    prepared = authority.prepare_all([order for _item, order in ready], now=now) if ready else []
    for (item, _order), attempt in zip(ready, prepared, strict=True):
        _note(item, attempt)
    for item in items:
        if item.reason:
            item.state, item.closed_at = State.LEFT_OUT, now
    ReplacementItem.objects.bulk_create(items)


def _note(item: ReplacementItem, attempt: PreparedCertificate) -> None:
    item.prepared_id, item.tbs_sha256 = attempt.pk, attempt.tbs_sha256
    if attempt.state == PreparedCertificate.State.REFUSED:
        item.reason = next(finding.rule for finding in attempt.found if finding.severity == "error")
    else:
        item.changes = changes(item.certificate.certificate, attempt.specimen)


@transaction.atomic
def _finish(plan: Replacement, actor: Actor, now: datetime) -> Replacement:
    planned = list(plan.planned)
    plan.digest = digest(planned) if planned else ""
    plan.save(update_fields=["digest"])
    left_out = plan.items.filter(state=State.LEFT_OUT).count()
    name = ApplicationEvent.REPLACEMENT_PLANNED
    events.record(name, plan, actor, now, planned=len(planned), left_out=left_out)
    if planned:
        mailing.tell_reviewers(reviewers_day.reviewers(), "replacement_planned", plan.pk, now=now)
    return plan


def digest(items: Iterable[ReplacementItem]) -> str:
    """Return the SHA-256 (hex) over references and TBSCertificate hashes of the items."""
    lines = sorted(f"{item.reference} {item.tbs_sha256}\n" for item in items)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def open_plans(now: datetime) -> QuerySet[Replacement]:
    """Return the plans that have not ended and have something that is still to be released."""
    planned = ReplacementItem.objects.filter(replacement=OuterRef("pk"), state=State.PLANNED)
    return Replacement.objects.exclude(digest="").filter(Exists(planned), expires_at__gt=now)


def to_approve(plan: Replacement, person: Person, *, now: datetime) -> Iterator[Refused]:
    """Yield why the reviewer may not approve the plan: PlanOver, PartInAll."""
    if not open_plans(now).filter(pk=plan.pk).exists():
        yield PlanOver()
    elif not authority.may_approve_any(_prepared(plan), person=person):
        yield PartInAll()


def approve_plan(
    plan_id: int,
    *,
    digest: str,
    assertion: Assertion | None = None,
    reauthenticated_at: datetime,
    person: Person,
    actor: Actor,
    now: datetime,
) -> Replacement:
    """Approve every certificate of the plan that has not been released yet.

    `digest` is the digest that the page showed, `assertion` the passkey's assertion over
    `plan_to_sign`. Certificates of organisations that the person belongs to, or recently did, are
    skipped. Raises NotReviewer, what `to_approve` yields, PlanOver for another digest, and from
    the CA NotOpen, OtherBytes, ReauthenticationTooOld.
    """
    plan = Replacement.objects.get(pk=plan_id)
    impartiality.require_reviewer(person)
    require(to_approve(plan, person, now=now))
    if digest != plan.digest:
        raise PlanOver
    count, proof = 0, plan_proof(_prepared(plan), assertion) if assertion else None
    for batch in batched(plan.planned, BATCH):
        expected = {int(item.prepared_id or 0): item.tbs_sha256 for item in batch}
        count += len(
            authority.approve_all(
                expected, person=person, reauthenticated_at=reauthenticated_at, proof=proof, now=now
            )
        )
    with transaction.atomic():
        facts = {"reauthenticated_at": reauthenticated_at, "at": now}
        approvals = ReplacementApproval.objects
        _row, new = approvals.get_or_create(replacement=plan, person=person, defaults=facts)
        if new:
            name = ApplicationEvent.REPLACEMENT_APPROVED
            events.record(name, plan, actor, now, digest=digest, given=count)
    return plan


def plan_to_sign(plan: Replacement) -> bytes:
    """Return the challenge that a reviewer's passkey signs to approve the unreleased items."""
    return plan_challenge(_prepared(plan))


def _prepared(plan: Replacement) -> list[int]:
    return [key for key in plan.planned.values_list("prepared_id", flat=True) if key]


def standing(plan: Replacement) -> list[ReplacementApproval]:
    """Return the approvals that count: by current reviewers, one for each merged person."""
    approvals: dict[UUID, ReplacementApproval] = {}
    for approval in plan.approvals.all():
        if access.is_reviewer(approval.person):
            approvals.setdefault(approval.person.merged_into_id or approval.person_id, approval)
    return list(approvals.values())


@transaction.atomic
def release(
    plan_id: int, *, after: int = 0, size: int = BATCH, actor: Actor, now: datetime
) -> Batch | None:
    """Check the next planned items again, and release those whose facts still hold to the CA.

    Takes at most `size` items with keys above `after`; returns None if there are none. Raises
    PlanOver, PersonsMissing, and Unavailable when the mirror of the register is too old.
    """
    plan = Replacement.objects.select_for_update().get(pk=plan_id)
    if plan.is_over(now):
        raise PlanOver
    if len(standing(plan)) < FOR_REISSUE:
        raise PersonsMissing
    items = plan.planned.filter(pk__gt=after).select_related("certificate")
    batch = list(items[:size])
    if not batch:
        return None
    last = batch[-1].pk
    _lock_accounts(batch)
    batch = list(items.filter(pk__in=[item.pk for item in batch]))  # some may be refused by now
    _decide(batch, actor, now)
    released = selection.in_state(batch, State.RELEASED)
    hand_over(released, now)
    refused = selection.in_state(batch, State.REFUSED)
    unapproved = len(batch) - len(released) - len(refused)
    outcome = Batch(last, len(released), len(refused), unapproved)
    events.record(
        ApplicationEvent.REPLACEMENT_RELEASED,
        plan,
        actor,
        now,
        released=outcome.released,
        refused_items=outcome.refused,
        unapproved=unapproved,
    )
    return outcome


def _lock_accounts(batch: Sequence[ReplacementItem]) -> None:
    """Lock the accounts, so that none is closed or succeeded between the check and the release."""
    orders = Application.objects.filter(pk__in=[item.certificate.reference for item in batch])
    accounts = Organisation.objects.select_for_update(no_key=True).filter(
        pk__in=orders.values("organisation")
    )
    list(accounts.order_by("pk").values_list("pk", flat=True))


def _decide(batch: Sequence[ReplacementItem], actor: Actor, now: datetime) -> None:
    """Set each item's state: released, refused because a fact changed, or unchanged if it lacks
    approvals.
    """
    attempts = PreparedCertificate.objects.in_bulk([int(item.prepared_id or 0) for item in batch])
    approvals = approval_states(attempts.values())
    orders = selection.orders_by_reference(item.certificate for item in batch)
    for item in batch:
        attempt = attempts[int(item.prepared_id or 0)]
        item.reason = _fault(item, orders.get(item.certificate.reference), attempt, now)
        if item.reason:
            _void(item, item.reason, actor, now)
            item.state, item.closed_at = State.REFUSED, now
        elif approvals[attempt.pk].complete:
            item.state = State.RELEASED
    ReplacementItem.objects.bulk_update(batch, ["state", "reason", "closed_at"])


def _fault(
    item: ReplacementItem, order: Application | None, attempt: PreparedCertificate, now: datetime
) -> str:
    """Return the reason to refuse the item, as a fact has changed since the plan; or ""."""
    if item.certificate.state != Certificate.State.ISSUED:
        return "revoked_meanwhile"
    replaced = ReplacementItem.objects.filter(
        certificate=item.certificate, state__in=[State.RELEASED, State.ISSUED]
    )
    if replaced.exclude(pk=item.pk).exists():
        return "replaced_already"
    if reason := selection.unfit(item.certificate, order, now=now):
        return reason
    assert order is not None
    fault = still_true.names_changed(order, attempt.specimen, now)
    return fault.rule if fault else ""


def _void(item: ReplacementItem, reason: str, actor: Actor, now: datetime) -> bool:
    """Void the prepared certificate; return False if it is signed or being signed."""
    try:
        authority.void(item.reference, reason, actor=actor, now=now)
    except AlreadySigning:  # an earlier run handed it to the CA
        return False
    return True


def stop(organisation_id: UUID, reason: str, *, actor: Actor, now: datetime) -> int:
    """Refuse what is not yet issued of an account that is closed or succeeded; return how many.

    An item that is being signed is issued, as an order would be. Call in a transaction that has
    locked the account.
    """
    orders = Application.objects.filter(organisation=organisation_id)
    unissued = ReplacementItem.objects.select_for_update(of=("self",)).filter(
        state__in=[State.PLANNED, State.RELEASED], certificate__reference__in=orders.values("pk")
    )
    items = list(unissued.order_by("pk"))
    references = [item.reference for item in items]
    signed = authority.void_all(references, reason, actor=actor, now=now).signed
    stopped = [item for item in items if item.reference not in signed]
    for item in stopped:
        item.state, item.reason, item.closed_at = State.REFUSED, reason, now
    ReplacementItem.objects.bulk_update(stopped, ["state", "reason", "closed_at"])
    return len(stopped)


def hand_over(items: Sequence[ReplacementItem], now: datetime) -> None:
    """Enqueue the issuing of the released items as one outbox item."""
    if items:
        references = [str(item.reference) for item in items]
        outbox.enqueue(CONFIRMED, now=now, references=references, confirmed_at=now.isoformat())


@transaction.atomic
def confirm(references: Sequence[UUID], *, now: datetime) -> None:
    """Check released items again, as `release` does, if the CA has not signed them in time.

    Raises Unavailable when the mirror of the register is too old, ClockDiffers.
    """
    require_agreement()
    waiting = ReplacementItem.objects.select_for_update(of=("self",)).filter(
        reference__in=references, state=State.RELEASED
    )
    items = list(waiting.select_related("certificate").order_by("pk"))
    _decide(items, CONFIRMER, now)
    hand_over(selection.in_state(items, State.RELEASED), now)


@transaction.atomic
def resume(plan_id: int, *, actor: Actor, now: datetime) -> int:
    """Hand over again released items for which no work is pending; return how many.

    It is safe because issuing is idempotent: a second run finds the certificate.
    """
    plan = Replacement.objects.select_for_update().get(pk=plan_id)
    open_items = OutboxItem.objects.filter(
        topic__in=[CONFIRMED, "certificates.approved"], done_at=None, failed_at=None
    )
    pending = open_items.values_list("payload__references", flat=True)
    at_work = {reference for references in pending for reference in references}
    unrecorded = OutboxItem.objects.filter(topic="certificate.issued", done_at=None, failed_at=None)
    at_work |= set(unrecorded.values_list("payload__reference", flat=True))
    released = plan.items.filter(state=State.RELEASED)
    idle = [item for item in released if str(item.reference) not in at_work]
    for batch in batched(idle, BATCH):
        hand_over(batch, now)
    if idle:
        events.record(ApplicationEvent.REPLACEMENT_RESUMED, plan, actor, now, again=len(idle))
    return len(idle)
