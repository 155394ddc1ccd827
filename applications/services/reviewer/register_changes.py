"""The watch over the registers: tasks are opened, closed when over, and decided by reviewers."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Person
from applications.changes import mails
from applications.changes.models import RegisterTask
from applications.changes.survey import Found, survey
from applications.errors import OwnOrganisation
from applications.services.proposing import propose_unless_pending
from applications.services.signing import MayNotAct
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.errors import Stale
from issuance.models import Certificate

WATCH = system("register-watch")
Outcome, Change = RegisterTask.Outcome, RegisterTask.Change
# Why the authority revokes, by what the register says (RFC 5280, 5.3.1).
REVOKED_AS = {
    Change.ENDED: "cessation_of_operation",
    Change.INTERMEDIARY: "privilege_withdrawn",
    Change.SECTOR: "privilege_withdrawn",
    Change.MERGED: "affiliation_changed",
    Change.RENAMED: "affiliation_changed",
}
log = structlog.get_logger(__name__)


class AlreadyDecided(Stale):
    """Somebody was faster, or the matter is over."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("This change in the register has been decided already."))


def watch_register(*, now: datetime) -> int:
    """Bring up every change under certificates in force that has not been; return how many.

    What was brought up before stays as it is, whatever was decided, as long as it lasts. Run late
    or twice, it finds what there is now: nothing is counted from the last run. Open tasks that no
    certificate in force needs any more are closed.
    """
    found = survey(now)
    opened = sum(_bring_up(one, now) for one in found)
    over = _close_over({(one.organisation_id, one.change.key) for one in found}, now)
    _forget_past({one.change.key for one in found})
    log.info("register_watched", changes=len(found), opened=opened, over=over)
    return opened


@transaction.atomic
def decide_register_task(
    task_id: int, *, outcome: str, reasons: str, person: Person, actor: Actor, now: datetime
) -> RegisterTask:
    """Carry out what the reviewer decides about a change: revoke, have new ones ordered, nothing.

    Raises AlreadyDecided, MayNotAct, OwnOrganisation.
    """
    task = RegisterTask.objects.select_for_update().get(pk=task_id)
    if not access.is_reviewer(person):
        raise MayNotAct
    if access.is_member(person, task.organisation_id):
        raise OwnOrganisation
    if not task.is_open:
        raise AlreadyDecided
    task.decided_by, task.reasons = person, reasons
    _settle(task, Outcome(outcome), actor, now)
    if task.outcome == Outcome.REVOKE:
        _propose(task, person, actor, now)
    mails.enqueue(task, "register_decided", now=now)
    return task


@transaction.atomic
def _bring_up(found: Found, now: datetime) -> bool:
    """Open a task for the certificates that no task about the same change has had yet."""
    change = found.change
    same = RegisterTask.objects.filter(organisation=found.organisation_id, key=change.key)
    known = set(same.values_list("certificates", flat=True))
    fresh = [pk for pk in found.certificates if pk not in known]
    if not fresh:
        return False
    task, new = RegisterTask.objects.get_or_create(
        organisation_id=found.organisation_id,
        key=change.key,
        outcome="",
        defaults={
            "change": change.kind,
            "record_kind": change.record_kind,
            "record_oid": change.oid,
            "then": found.then,
            "present": found.present,
            "values": {name: [before, after] for name, before, after in change.values},
            "proposal": found.proposal,
            "opened_at": now,
        },
    )
    task.certificates.add(*fresh)
    if new:
        _record(task, "opened", WATCH, now, certificates=len(fresh))
        mails.enqueue(task, "register_changed", now=now)
    return new


def _close_over(topical: set[tuple[UUID, str]], now: datetime) -> int:
    tasks = RegisterTask.objects.filter(outcome="")
    over = [one.pk for one in tasks if (one.organisation_id, one.key) not in topical]
    for pk in over:
        with transaction.atomic():
            task = RegisterTask.objects.select_for_update().get(pk=pk)
            if task.is_open:
                _settle(task, Outcome.OVER, WATCH, now)
    return len(over)


def _forget_past(topical: set[str]) -> None:
    """Let a change that was taken back be a new one when it comes again: a unit that was removed
    by mistake, entered anew and then really removed says the same twice.
    """
    past = RegisterTask.objects.exclude(outcome="").exclude(key="")
    past.exclude(key__in=topical).update(key="")


def _settle(task: RegisterTask, outcome: RegisterTask.Outcome, actor: Actor, now: datetime) -> None:
    task.outcome, task.decided_at = outcome, now
    task.save(update_fields=["outcome", "decided_by", "decided_at", "reasons"])
    _record(task, "decided", actor, now, outcome=outcome)


def _propose(task: RegisterTask, person: Person, actor: Actor, now: datetime) -> None:
    """Propose to revoke what is in force: one person decided, and each takes a second."""
    reason = REVOKED_AS[Change(task.change)]
    in_force = task.certificates.filter(state=Certificate.State.ISSUED, not_after__gt=now)
    for reference in in_force.order_by("pk").values_list("reference", flat=True):
        propose_unless_pending(
            reference, reason=reason, words=task.reasons, person=person, actor=actor, now=now
        )


def _record(
    task: RegisterTask, action: str, actor: Actor, now: datetime, **data: str | int
) -> None:
    events.record(
        f"register_task.{action}",
        actor=actor,
        now=now,
        object_type="register_task",
        object_id=task.pk,
        organisation_id=task.organisation_id,
        data={"change": task.change, **data},
    )
