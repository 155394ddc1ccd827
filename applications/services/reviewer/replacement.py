"""Mass replacement: an operator plans it, two reviewers approve, and the CA issues.

No step waits for the CA to issue. Every step may be interrupted at any point and run again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Organisation, Person
from accounts.services import mailing
from applications.checks import still_true
from applications.models import Application, Replacement, ReplacementApproval, ReplacementItem
from applications.replacement.differences import changes
from applications.replacement.selection import (
    ACCOUNT_CLOSED,
    Wanted,
    chosen,
    in_state,
    order_for,
    orders_by_reference,
    unfit,
)
from applications.rules import reviewers_day
from applications.rules.impartiality import traces_of
from applications.workflow import ApplicationEvent
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor, system
from certportal.foundation.errors import NotAllowed, Refused, Stale
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.wording import filled
from issuance import services as authority
from issuance.approvers.assertion import Assertion
from issuance.certificate.validity import preparation_expires
from issuance.models import Certificate, PreparedCertificate
from issuance.services.errors import AlreadySigning, NotReviewer
from issuance.services.issuing.approve import approval_states
from issuance.services.issuing.to_sign import FOR_REISSUE, plan_challenge, plan_proof

State = ReplacementItem.State
BATCH = 100
CONFIRMED = "certificates.confirmed"
CONFIRMER = system("confirm")


class PlanOver(Stale):
    """The plan is not finished, has expired, or has another digest than the page showed."""

    message = _("This plan cannot be approved or carried out any more. Make a new one.")


class PersonsMissing(NotAllowed):
    """The plan lacks approvals by enough persons who are still reviewers."""

    message = filled(
        _("%(persons)s reviewers must approve the plan before it is carried out."),
        persons=FOR_REISSUE,
    )


class TooEarly(Refused):
    """The day from which the replaced certificates may be revoked is not set or has not come."""

    message = _("The day of revoking the old certificates is not set or has not come.")


@dataclass(frozen=True, slots=True)
class Batch:
    """The outcome of one batch: counts, and `last`, the key after which the next one begins."""

    last: int
    released: int = 0
    refused: int = 0
    unapproved: int = 0


def plan(
    wanted: Wanted,
    *,
    cause: str,
    note: str,
    revoke_on: date | None,
    made_by: str,
    actor: Actor,
    now: datetime,
) -> Replacement:
    """Make a plan: prepare a new certificate for the same key for each one that matches `wanted`.

    Enqueues mails to the reviewers. Raises Unavailable when the mirror of the register is too old.
    """
    made = Replacement.objects.create(
        cause=cause,
        note=note,
        wanted=wanted.to_json(),
        revoke_on=revoke_on,
        made_by=made_by,
        made_at=now,
        expires_at=preparation_expires(now),
    )
    for batch in batched(chosen(wanted, now=now).iterator(chunk_size=BATCH), BATCH):
        _plan_batch(made, batch, now)
    return _finish(made, actor, now)


@transaction.atomic
def _plan_batch(made: Replacement, certificates: Sequence[Certificate], now: datetime) -> None:
    orders = orders_by_reference(certificates)
    concerned = traces_of(orders.values())
    items = [ReplacementItem(replacement=made, certificate=one) for one in certificates]
    asked = []
    for item in items:
        order = orders.get(item.certificate.reference)
        item.reason = unfit(item.certificate, order, now=now)
        if order is not None and not item.reason:
            asked.append((item, order_for(item, order, concerned[order.pk], now=now)))
    prepared = authority.prepare_all([order for _item, order in asked], now=now) if asked else []
    for (item, _order), attempt in zip(asked, prepared, strict=True):
        _note(item, attempt)
    for item in items:
        if item.reason:
            item.state, item.closed_at = State.LEFT_OUT, now
    ReplacementItem.objects.bulk_create(items)


def _note(item: ReplacementItem, attempt: PreparedCertificate) -> None:
    item.prepared_id, item.tbs_sha256 = attempt.pk, attempt.tbs_sha256
    if attempt.state == PreparedCertificate.State.REFUSED:
        item.reason = next(one.rule for one in attempt.found if one.severity == "error")
    else:
        item.changes = changes(item.certificate.certificate, attempt.specimen)


@transaction.atomic
def _finish(made: Replacement, actor: Actor, now: datetime) -> Replacement:
    planned = list(made.planned)
    made.digest = digest(planned) if planned else ""
    made.save(update_fields=["digest"])
    left_out = made.items.filter(state=State.LEFT_OUT).count()
    events.record(
        ApplicationEvent.REPLACEMENT_PLANNED,
        made,
        actor,
        now,
        planned=len(planned),
        left_out=left_out,
    )
    if planned:
        mailing.tell_reviewers(reviewers_day.reviewers(), "replacement_planned", made.pk, now=now)
    return made


def digest(items: Iterable[ReplacementItem]) -> str:
    """Return the SHA-256 (hex) over references and TBSCertificate hashes of the items."""
    lines = sorted(f"{item.reference} {item.tbs_sha256}\n" for item in items)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


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

    `digest` is the one that was shown, `assertion` the answer of the person's passkey to
    `plan_to_sign`. Certificates of organisations that the person belongs to,
    or recently did, are skipped. Raises NotReviewer, PlanOver, and from the CA NotOpen, OtherBytes,
    ReauthenticationTooOld.
    """
    made = Replacement.objects.get(pk=plan_id)
    if not access.is_reviewer(person):
        raise NotReviewer
    if made.is_over(now) or digest != made.digest:
        raise PlanOver
    given, proof = 0, plan_proof(_prepared(made), assertion) if assertion else None
    for batch in batched(made.planned, BATCH):
        expected = {int(item.prepared_id or 0): item.tbs_sha256 for item in batch}
        given += len(
            authority.approve_all(
                expected,
                person=person,
                reauthenticated_at=reauthenticated_at,
                proof=proof,
                now=now,
            )
        )
    with transaction.atomic():
        facts = {"reauthenticated_at": reauthenticated_at, "at": now}
        _row, new = ReplacementApproval.objects.get_or_create(
            replacement=made, person=person, defaults=facts
        )
        if new:
            events.record(
                ApplicationEvent.REPLACEMENT_APPROVED, made, actor, now, digest=digest, given=given
            )
    return made


def plan_to_sign(made: Replacement) -> bytes:
    """Return the challenge that a reviewer's passkey signs to approve what is left of the plan."""
    return plan_challenge(_prepared(made))


def _prepared(made: Replacement) -> list[int]:
    return [key for key in made.planned.values_list("prepared_id", flat=True) if key]


def standing(made: Replacement) -> list[ReplacementApproval]:
    """Return the approvals that count: by current reviewers, merged persons once."""
    found: dict[UUID, ReplacementApproval] = {}
    for one in made.approvals.select_related("person"):
        if access.is_reviewer(one.person):
            found.setdefault(one.person.merged_into_id or one.person_id, one)
    return list(found.values())


@transaction.atomic
def release(
    plan_id: int, *, after: int = 0, size: int = BATCH, actor: Actor, now: datetime
) -> Batch | None:
    """Check the facts of the next planned items again, and release those that hold to the CA.

    Takes at most `size` items with keys above `after`; returns None if there are none. Raises
    PlanOver, PersonsMissing, and Unavailable when the mirror of the register is too old.
    """
    made = Replacement.objects.select_for_update().get(pk=plan_id)
    if made.is_over(now):
        raise PlanOver
    if len(standing(made)) < FOR_REISSUE:
        raise PersonsMissing
    items = made.planned.filter(pk__gt=after).select_related("certificate")
    batch = list(items[:size])
    if not batch:
        return None
    _lock_accounts(batch)
    _decide(batch, actor, now)
    released = in_state(batch, State.RELEASED)
    hand_over(released, now)
    refused = in_state(batch, State.REFUSED)
    unapproved = len(batch) - len(released) - len(refused)
    outcome = Batch(batch[-1].pk, len(released), len(refused), unapproved)
    events.record(
        ApplicationEvent.REPLACEMENT_RELEASED,
        made,
        actor,
        now,
        released=outcome.released,
        refused_items=outcome.refused,
        unapproved=unapproved,
    )
    return outcome


def _lock_accounts(batch: Sequence[ReplacementItem]) -> None:
    """Lock the accounts of the items, so that none is closed between the check and the release."""
    orders = Application.objects.filter(pk__in=[one.certificate.reference for one in batch])
    held = Organisation.objects.select_for_update().filter(pk__in=orders.values("organisation"))
    list(held.order_by("pk").values_list("pk", flat=True))


def _decide(batch: Sequence[ReplacementItem], actor: Actor, now: datetime) -> None:
    """Set each item's state: released, refused because a fact changed, or unchanged if it lacks
    approvals.
    """
    attempts = PreparedCertificate.objects.in_bulk([int(one.prepared_id or 0) for one in batch])
    approvals = approval_states(attempts.values())
    orders = orders_by_reference(item.certificate for item in batch)
    for item in batch:
        attempt = attempts[int(item.prepared_id or 0)]
        order = orders.get(item.certificate.reference)
        item.reason = _fault(item, order, attempt, now)
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
    begun = ReplacementItem.objects.filter(
        certificate=item.certificate, state__in=[State.RELEASED, State.ISSUED]
    )
    if begun.exclude(pk=item.pk).exists():
        return "replaced_already"
    if reason := unfit(item.certificate, order, now=now):
        return reason
    assert order is not None
    changed = still_true.names_changed(order, attempt.specimen, now)
    return changed.rule if changed else ""


def _void(item: ReplacementItem, reason: str, actor: Actor, now: datetime) -> bool:
    """Void the prepared certificate; return False if it is signed or being signed."""
    try:
        authority.void(item.reference, reason, actor=actor, now=now)
    except AlreadySigning:  # an earlier run handed it to the CA
        return False
    return True


def stop_released(organisation_id: UUID, *, actor: Actor, now: datetime) -> int:
    """Refuse the released items of an account that is being closed; return how many.

    What is being signed goes on to its certificate, as an order does. For a transaction that has
    locked the account. Planned items are refused when they would be released.
    """
    orders = Application.objects.filter(organisation=organisation_id)
    released = ReplacementItem.objects.select_for_update(of=("self",)).filter(
        state=State.RELEASED, certificate__reference__in=orders.values("pk")
    )
    found = list(released.order_by("pk"))
    stopped = [one for one in found if _void(one, ACCOUNT_CLOSED, actor, now)]
    for item in stopped:
        item.state, item.reason, item.closed_at = State.REFUSED, ACCOUNT_CLOSED, now
    ReplacementItem.objects.bulk_update(stopped, ["state", "reason", "closed_at"])
    return len(stopped)


def hand_over(items: Sequence[ReplacementItem], now: datetime) -> None:
    """Enqueue the issuing of the released items as one outbox item."""
    if items:
        references = [str(item.reference) for item in items]
        outbox.enqueue(CONFIRMED, now=now, references=references, confirmed_at=now.isoformat())


@transaction.atomic
def confirm(references: Sequence[UUID], *, now: datetime) -> None:
    """Check released items again, as `release` does, when the CA was late to sign them.

    Raises Unavailable when the mirror of the register is too old.
    """
    waiting = ReplacementItem.objects.select_for_update(of=("self",)).filter(
        reference__in=references, state=State.RELEASED
    )
    items = list(waiting.select_related("certificate").order_by("pk"))
    _decide(items, CONFIRMER, now)
    hand_over(in_state(items, State.RELEASED), now)


@transaction.atomic
def resume(plan_id: int, *, actor: Actor, now: datetime) -> int:
    """Hand over again released items for which no work is pending; return how many.

    It is safe because issuing is idempotent: a second run finds the certificate.
    """
    made = Replacement.objects.select_for_update().get(pk=plan_id)
    open_ = OutboxItem.objects.filter(
        topic__in=[CONFIRMED, "certificates.approved"], done_at=None, failed_at=None
    )
    at_work = {one for row in open_.values_list("payload__references", flat=True) for one in row}
    untold = OutboxItem.objects.filter(topic="certificate.issued", done_at=None, failed_at=None)
    at_work |= set(untold.values_list("payload__reference", flat=True))
    released = made.items.filter(state=State.RELEASED)
    idle = [item for item in released if str(item.reference) not in at_work]
    for batch in batched(idle, BATCH):
        hand_over(batch, now)
    if idle:
        events.record(ApplicationEvent.REPLACEMENT_RESUMED, made, actor, now, again=len(idle))
    return len(idle)


def revoke_replaced(plan_id: int, *, actor: Actor, now: datetime) -> int:
    """Revoke the replaced certificates with the reason superseded; return how many.

    Raises TooEarly before the plan's `revoke_on`, which the reviewers approved and the holders
    were told.
    """
    made = Replacement.objects.get(pk=plan_id)
    if made.revoke_on is None or clock.day(now) < made.revoke_on:
        raise TooEarly
    items = made.items.filter(
        state=State.ISSUED, certificate__state=Certificate.State.ISSUED
    ).values_list("certificate", flat=True)
    revoked = 0
    for certificate in list(items):
        authority.revoke(certificate, "superseded", actor=actor, now=now)
        revoked += 1
    if revoked:
        events.record(ApplicationEvent.REPLACEMENT_REVOKED, made, actor, now, revoked=revoked)
    return revoked
