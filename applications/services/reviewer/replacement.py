"""Replacing many certificates: an operator plans, two reviewers approve, the authority issues.

Nothing here waits for the authority. Each step can be stopped anywhere and run again.
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
from accounts.models import Person
from applications import watch
from applications.checks import again
from applications.models import Application, Replacement, ReplacementApproval, ReplacementItem
from applications.replacing.choosing import (
    Wanted,
    chosen,
    in_state,
    order_for,
    orders_by_reference,
    unfit,
)
from applications.replacing.comparing import changes
from applications.services.signing import MayNotAct
from certportal.foundation import clock, events, outbox
from certportal.foundation.actors import Actor, system
from certportal.foundation.errors import NotAllowed, Refused, Stale
from certportal.foundation.models import OutboxItem
from issuance import services as authority
from issuance.models import Certificate, PreparedCertificate
from issuance.services.approve import FOR_REISSUE, approval_states
from issuance.services.errors import AlreadySigning
from issuance.validity import preparation_expires

State = ReplacementItem.State
BATCH = 100
CONFIRMED = "certificates.confirmed"
CONFIRMER = system("confirm")


class PlanOver(Stale):
    """The plan is unfinished, too old, or another than was shown."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("This plan cannot be approved or carried out any more. Make a new one."))


class PersonsMissing(NotAllowed):
    """Fewer reviewers than wanted have approved the plan and are reviewers still."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Two reviewers must approve the plan before it is carried out."))


class TooEarly(Refused):
    """The day on which the replaced certificates are revoked is not set or has not come."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The day of revoking the old certificates is not set or has not come."))


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch: the key to go on after, and how many went which way."""

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
    """Prepare a new certificate, of the same key, for everyone wanted, and have reviewers told.

    Raises Unavailable when the mirror of the register is too old to say who still stands.
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
    items = [ReplacementItem(replacement=made, certificate=one) for one in certificates]
    asked = []
    for item in items:
        order = orders.get(item.certificate.reference)
        item.reason = unfit(item.certificate, order, now=now)
        if order is not None and not item.reason:
            asked.append((item, order_for(item, order, now=now)))
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
    planned = list(made.items.filter(state=State.PLANNED))
    made.digest = digest(planned) if planned else ""
    made.save(update_fields=["digest"])
    left_out = made.items.filter(state=State.LEFT_OUT).count()
    _record(made, "planned", actor, now, planned=len(planned), left_out=left_out)
    for reader in watch.reviewers() if planned else ():
        outbox.enqueue(
            "reviewer.mail",
            now=now,
            person=str(reader.pk),
            notice="replacement_planned",
            source=str(made.pk),
        )
    return made


def digest(items: Iterable[ReplacementItem]) -> str:
    """Return the hash over the bytes of every certificate of a plan."""
    lines = sorted(f"{item.reference} {item.tbs_sha256}\n" for item in items)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def approve_plan(
    plan_id: int,
    *,
    digest: str,
    reauthenticated_at: datetime,
    person: Person,
    actor: Actor,
    now: datetime,
) -> Replacement:
    """Approve every certificate of the plan whose digest was shown, those already begun apart.

    Those of organisations that the person belongs to, or did lately, are left to others. Raises
    MayNotAct, PlanOver, and what the authority raises: NotOpen, OtherBytes, ReauthenticationTooOld.
    """
    made = Replacement.objects.get(pk=plan_id)
    if not access.is_reviewer(person):
        raise MayNotAct
    if not made.digest or made.is_over(now) or digest != made.digest:
        raise PlanOver
    given = 0
    for batch in batched(made.items.filter(state=State.PLANNED), BATCH):
        expected = {int(item.prepared_id or 0): item.tbs_sha256 for item in batch}
        given += len(
            authority.approve_all(
                expected, person=person, reauthenticated_at=reauthenticated_at, now=now
            )
        )
    with transaction.atomic():
        facts = {"reauthenticated_at": reauthenticated_at, "at": now}
        _row, new = ReplacementApproval.objects.get_or_create(
            replacement=made, person=person, defaults=facts
        )
        if new:
            _record(made, "approved", actor, now, digest=digest, given=given)
    return made


def standing(made: Replacement) -> list[ReplacementApproval]:
    """Return the approvals that count: of persons who are reviewers still, each human once."""
    found: dict[UUID, ReplacementApproval] = {}
    for one in made.approvals.select_related("person"):
        if access.is_reviewer(one.person):
            found.setdefault(one.person.merged_into_id or one.person_id, one)
    return list(found.values())


@transaction.atomic
def release(
    plan_id: int, *, after: int = 0, size: int = BATCH, actor: Actor, now: datetime
) -> Batch | None:
    """Look at the next items once more and hand those that still hold to the authority.

    None when there are no more after that key. Raises PlanOver, PersonsMissing, and Unavailable
    when the mirror of the register is too old.
    """
    made = Replacement.objects.select_for_update().get(pk=plan_id)
    if not made.digest or made.is_over(now):
        raise PlanOver
    if len(standing(made)) < FOR_REISSUE:
        raise PersonsMissing
    items = made.items.filter(state=State.PLANNED, pk__gt=after).select_related("certificate")
    batch = list(items[:size])
    if not batch:
        return None
    _decide(batch, actor, now)
    released = in_state(batch, State.RELEASED)
    hand_over(released, now)
    refused = in_state(batch, State.REFUSED)
    unapproved = len(batch) - len(released) - len(refused)
    outcome = Batch(batch[-1].pk, len(released), len(refused), unapproved)
    counts = {"released": outcome.released, "refused": outcome.refused}
    _record(made, "released", actor, now, **counts, unapproved=unapproved)
    return outcome


def _decide(batch: Sequence[ReplacementItem], actor: Actor, now: datetime) -> None:
    """Settle each item: released, refused because a fact changed, or still without approvals."""
    attempts = PreparedCertificate.objects.in_bulk([int(one.prepared_id or 0) for one in batch])
    approvals = approval_states(attempts.values())
    orders = orders_by_reference(item.certificate for item in batch)
    for item in batch:
        attempt = attempts[int(item.prepared_id or 0)]
        order = orders.get(item.certificate.reference)
        item.reason = _fault(item, order, attempt, now)
        if item.reason:
            _void(item, actor, now)
            item.state, item.closed_at = State.REFUSED, now
        elif approvals[attempt.pk].complete:
            item.state = State.RELEASED
    ReplacementItem.objects.bulk_update(batch, ["state", "reason", "closed_at"])


def _fault(
    item: ReplacementItem, order: Application | None, attempt: PreparedCertificate, now: datetime
) -> str:
    """Return why the certificate is not replaced after all: what held when it was planned fell."""
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
    changed = again.names_changed(order, attempt.specimen, now)
    return changed.rule if changed else ""


def _void(item: ReplacementItem, actor: Actor, now: datetime) -> None:
    try:
        authority.void(item.reference, item.reason, actor=actor, now=now)
    except AlreadySigning:  # the authority has it from a run before this one
        return


def hand_over(items: Sequence[ReplacementItem], now: datetime) -> None:
    """Enqueue the authority's work for released items, all in one piece."""
    if items:
        references = [str(item.reference) for item in items]
        outbox.enqueue(CONFIRMED, now=now, references=references, confirmed_at=now.isoformat())


@transaction.atomic
def confirm(references: Sequence[UUID], *, now: datetime) -> None:
    """Look once more at released items that the authority came to late, as `release` does.

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
    """Hand over again what was released and nobody is at any more; return how many.

    Issuing twice finds the certificate that there is.
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
        _record(made, "resumed", actor, now, again=len(idle))
    return len(idle)


def revoke_replaced(plan_id: int, *, actor: Actor, now: datetime) -> int:
    """Revoke the old certificates of those replaced, as superseded; return how many were now.

    Only from the day on that the reviewers approved with the plan and the holders were told.
    Raises TooEarly.
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
        _record(made, "revoked", actor, now, revoked=revoked)
    return revoked


def _record(made: Replacement, action: str, actor: Actor, now: datetime, **data: str | int) -> None:
    events.record(
        f"replacement.{action}",
        actor=actor,
        now=now,
        object_type="replacement",
        object_id=made.pk,
        data=dict(data),
    )
