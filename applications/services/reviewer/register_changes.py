"""Tasks about changes in the registers: open, close when no longer topical, and decide them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import batched
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Person
from accounts.services import mailing
from applications.errors import Gone, require
from applications.models import Application
from applications.models.register_task import RegisterTask
from applications.register_watch import tell
from applications.register_watch.find_changed import Impact, find_changed
from applications.rules import impartiality, reviewers_day
from applications.rules.revocation import NothingToRevoke
from applications.rules.revocation_wanted import REVOKED_AS, answers, proposed_upon, unproposed
from applications.services.reviewer.revocation import AlreadyProposed, propose
from applications.services.sent_once import once
from applications.workflow import ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.errors import NotAllowed, Refused, Stale
from certportal.foundation.outbox import outbox
from issuance.models import Certificate
from issuance.services import locks
from issuance.services.errors import NotReviewer, ReasonStands

WATCH = system("register-watch")
Outcome, Change = RegisterTask.Outcome, RegisterTask.Change
AT_ONCE = 100
"""The most changes whose tasks are opened in one transaction."""
MOST_AT_ONCE = 50
"""The most certificates of one decision that one item of the outbox proposes to revoke."""
log = structlog.get_logger(__name__)


class AlreadyDecided(Stale):
    message = _("This change in the register has been decided already.")


class MoreTouched(Stale):
    message = _(
        "The change affects more certificates than when you opened the page. Nothing was decided."
        " Look at all of them, and decide again."
    )


def want_register_watched(*, now: datetime) -> None:
    """Have a worker do `watch_register`, and again until no other process looks."""
    outbox.enqueue("register.look_wanted", now=now)


def watch_register(*, now: datetime) -> int:
    """Open a task for every new change that affects certificates in force; return how many.

    A change that has had a task gets no second one while it lasts, whatever was decided. Open tasks
    whose change was reverted, or no longer affects a certificate in force, are closed. The result
    depends only on the present state, so late or repeated runs are harmless. Raises Busy while
    another process looks: what it found first would close what this one opens.
    """
    with locks.alone("register watch"):
        changes = find_changed(now)
        opened = sum(_open(some, now) for some in batched(changes, AT_ONCE))
        closed = _close_outdated({affected.id for affected in changes}, now)
        # So that a reverted change can open a task again: a unit removed by mistake, entered
        # again, and later really removed.
        past = RegisterTask.objects.exclude(outcome="").exclude(key="")
        past.exclude(key__in={affected.change.key for affected in changes}).update(key="")
        log.info("register_watched", changes=len(changes), opened=opened, over=closed)
        return opened


def to_decide(task: RegisterTask, person: Person, *, now: datetime) -> Iterator[Refused]:
    """Yield why the person may not decide the task: NotReviewer, OwnOrganisation,
    OwnOrganisationLately, PartInAnOrder, AlreadyDecided.
    """
    if not access.is_reviewer(person):
        yield NotReviewer()
    if partial := impartiality.partiality(person, task.organisation_id, now=now):
        yield partial
    references = task.certificates.values("reference")
    if impartiality.parts(person, Application.objects.filter(pk__in=references)):
        yield impartiality.PartInAnOrder()
    if not task.is_open:
        yield AlreadyDecided()


@transaction.atomic
def decide_register_task(
    task_id: int,
    *,
    outcome: str,
    reasons: str,
    touched: int,
    person: Person,
    actor: Actor,
    now: datetime,
) -> RegisterTask:
    """Decide a task and carry out the decision.

    `outcome` is a RegisterTask.Outcome: with REVOKE a worker proposes to revoke each certificate in
    force (`propose_decided`), which a second reviewer must confirm. The administrators get a mail.
    `touched`: how many certificates the task had when the reviewer saw it. None is ever taken off
    it, so it has the same ones if it has as many.

    Raises what `to_decide` yields, and MoreTouched.
    """
    task = RegisterTask.objects.select_for_update().get(pk=task_id)
    require(to_decide(task, person, now=now))
    if task.certificates.count() != touched:
        raise MoreTouched
    task.decided_by, task.reasons = person, reasons
    _settle(task, Outcome(outcome), actor, now)
    if task.outcome == Outcome.REVOKE:
        outbox.enqueue("register.decided", now=now, task=task.pk, after=0)
    tell.enqueue([task], "register_decided", now=now)
    return task


@transaction.atomic
def _open(changes: Sequence[Impact], now: datetime) -> int:
    """Open tasks, or add to the open ones, for certificates not yet in a task on their change.

    Returns how many were opened. Locks the open tasks, because certificates added while one is
    being decided would not be part of the decision.
    """
    tasks = RegisterTask.objects.filter(
        organisation__in={each.organisation_id for each in changes},
        key__in={each.change.key for each in changes},
    )
    locked = tasks.filter(outcome="").order_by("organisation", "key").select_for_update()
    found = {(task.organisation_id, task.key): task for task in locked}
    covered: dict[tuple[UUID, str], set[int]] = defaultdict(set)
    for organisation, key, certificate in tasks.values_list("organisation", "key", "certificates"):
        covered[organisation, key].add(certificate)
    uncovered = {each.id: set(each.certificates) - covered[each.id] for each in changes}
    first = [each for each in changes if uncovered[each.id] and each.id not in found]
    opened = RegisterTask.objects.bulk_create(_task(each, now) for each in first)
    found |= {(task.organisation_id, task.key): task for task in opened}
    link = RegisterTask.certificates.through
    link.objects.bulk_create(
        link(registertask_id=found[id].pk, certificate_id=certificate)
        for id, certificates in uncovered.items()
        for certificate in certificates
    )
    name = ApplicationEvent.REGISTER_TASK_OPENED
    numbers = [len(uncovered[each.id]) for each in first]
    made = [
        events.made(name, task, WATCH, now, certificates=number)
        for task, number in zip(opened, numbers, strict=True)
    ]
    events.insert(made)
    tell.enqueue(opened, "register_changed", now=now)
    return len(opened)


def _task(affected: Impact, now: datetime) -> RegisterTask:
    change = affected.change
    return RegisterTask(
        organisation_id=affected.organisation_id,
        key=change.key,
        change=change.kind,
        record_kind=change.record_kind,
        record_oid=change.oid,
        then=affected.then,
        present=affected.present,
        values={name: [old, new] for name, old, new in change.values},
        proposal=affected.proposal,
        opened_at=now,
    )


def _close_outdated(topical: set[tuple[UUID, str]], now: datetime) -> int:
    tasks = RegisterTask.objects.filter(outcome="")
    outdated = [task.pk for task in tasks if (task.organisation_id, task.key) not in topical]
    for pk in outdated:
        with transaction.atomic():
            task = RegisterTask.objects.select_for_update().get(pk=pk)
            if task.is_open:
                _settle(task, Outcome.OVER, WATCH, now)
    return len(outdated)


def _settle(task: RegisterTask, outcome: RegisterTask.Outcome, actor: Actor, now: datetime) -> None:
    task.outcome, task.decided_at = outcome, now
    task.save(update_fields=["outcome", "decided_by", "decided_at", "reasons"])
    events.record(ApplicationEvent.REGISTER_TASK_DECIDED, task, actor, now, outcome=outcome)


def propose_decided(task_id: int, *, after: int, now: datetime) -> None:
    """Propose to revoke the next certificates in force of a task so decided.

    At most `MOST_AT_ONCE`, from the key `after` on, each in its own transaction; then the rest is
    enqueued. A county may have thousands of certificates. Harmless if repeated. In the end the
    other reviewers are told of all in one mail. Stops if the register has reverted the change.
    """
    task = RegisterTask.objects.select_related("decided_by").get(pk=task_id)
    if not task.key:
        _tell_proposed(task, now)
        return
    in_force = task.certificates.filter(Certificate.in_force(now), pk__gt=after).order_by("pk")
    following = list(in_force[: MOST_AT_ONCE + 1])
    for certificate in following[:MOST_AT_ONCE]:
        _propose(task, certificate, now)
    if len(following) > MOST_AT_ONCE:
        last = following[MOST_AT_ONCE - 1].pk
        outbox.enqueue("register.decided", now=now, task=task.pk, after=last)
    else:
        _tell_proposed(task, now)


def _propose(task: RegisterTask, certificate: Certificate, now: datetime) -> None:
    """Propose to revoke the certificate in the name of who decided it, unless that was done.

    Where another proposal is open, this one waits until that ends (`revocation_wanted`). What the
    decider may not propose any more is left to the other reviewers (`unproposed`).
    """
    assert task.decided_by is not None
    person = task.decided_by.current
    done = proposed_upon(task) | answers(task)
    if done.filter(certificate_id=certificate.pk).exists():
        return
    given: dict[str, Any] = {"reason": REVOKED_AS[Change(task.change)], "words": task.reasons}
    by: dict[str, Any] = {"person": person, "actor": access.actor_for(person), "now": now}
    try:
        propose(certificate.reference, **given, with_mail=False, **by)
    except AlreadyProposed:
        return
    except (NothingToRevoke, ReasonStands, Gone, NotAllowed) as refusal:
        problem = type(refusal).__name__
        log.warning("not_proposed", task=task.pk, certificate=certificate.pk, problem=problem)


@transaction.atomic
def _tell_proposed(task: RegisterTask, now: datetime) -> None:
    assert task.decided_by is not None
    to_tell = proposed_upon(task).exists() or unproposed(task, now=now).exists()
    if to_tell and once("revocations_proposed", task.pk, "", now=now):
        others = reviewers_day.reviewers().exclude(pk=task.decided_by.current.pk)
        mailing.tell_reviewers(others, "revocations_proposed", task.pk, now=now)
