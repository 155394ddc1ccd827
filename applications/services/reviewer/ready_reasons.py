"""The library of ready-made reasons: written in new versions, ended, and counted when sent."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from applications.models import ReadyReason, ReadyReasonVersion
from applications.rules import impartiality
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Stale
from issuance.services import locks

type Words = dict[str, dict[str, str]]
"""By language code: the `title` that reviewers read and the `text` for the applicant."""


class ReasonEnded(Stale):
    message = _("This reason is offered no more.")


class ReasonChanged(Stale):
    message = _("The reason has been changed since you opened the page.")


@transaction.atomic
def write_reason(
    use: ReadyReason.Use, words: Words, *, person: Person, actor: Actor, now: datetime
) -> ReadyReason:
    """Write a new reason; one that is offered with the same words is returned as it is.

    So is that of a repeated press, also of a concurrent one. Raises NotReviewer.
    """
    impartiality.require_reviewer(person)
    locks.hold(f"ready_reason:{use}")
    offered = ReadyReasonVersion.objects.filter(reason__use=use, reason__ended_at=None)
    newest = offered.order_by("reason", "-number").distinct("reason").select_related("reason")
    if same := next((each for each in newest if each.words == words), None):
        return same.reason
    reason = ReadyReason.objects.create(use=use)
    _write(reason, 1, words, person, actor, now)
    return reason


@transaction.atomic
def rewrite_reason(
    reason_id: int, words: Words, *, number: int, person: Person, actor: Actor, now: datetime
) -> ReadyReason:
    """Write the next version of a reason; `number` is the newest version that the reviewer saw.

    Unchanged words create no version. Raises NotReviewer, ReasonEnded, ReasonChanged.
    """
    newest = _newest(reason_id, number)
    impartiality.require_reviewer(person)
    if words != newest.words:
        _write(newest.reason, number + 1, words, person, actor, now)
    return newest.reason


@transaction.atomic
def end_reason(
    reason_id: int, *, number: int, person: Person, actor: Actor, now: datetime
) -> ReadyReason:
    """Stop offering the reason; its versions are kept.

    Raises NotReviewer, ReasonEnded, ReasonChanged.
    """
    reason = _newest(reason_id, number).reason
    impartiality.require_reviewer(person)
    reason.ended_at = now
    reason.save(update_fields=["ended_at"])
    events.record(ApplicationEvent.READY_REASON_ENDED, reason, actor, now, version=number)
    return reason


def count_used(reasons: Collection[int]) -> None:
    """Count one use of each reason, in the transaction that sends it."""
    # In one order, so that of two who use the same ones, one waits for the other.
    locked = ReadyReason.objects.filter(pk__in=reasons).select_for_update().order_by("pk")
    ReadyReason.objects.filter(pk__in=locked.values("pk")).update(used=F("used") + 1)


def _newest(reason_id: int, number: int) -> ReadyReasonVersion:
    reason = ReadyReason.objects.select_for_update().get(pk=reason_id)
    newest = reason.versions.select_related("reason").first()
    if reason.ended_at is not None:
        raise ReasonEnded
    if newest is None or newest.number != number:
        raise ReasonChanged
    return newest


def _write(
    reason: ReadyReason, number: int, words: Words, person: Person, actor: Actor, now: datetime
) -> None:
    ReadyReasonVersion.objects.create(
        reason=reason, number=number, words=words, person=person, at=now
    )
    events.record(ApplicationEvent.READY_REASON_WRITTEN, reason, actor, now, version=number)
