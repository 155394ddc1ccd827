"""Daily jobs about incomplete applications and old drafts: warn, let lapse, remove.

Every function may run at any time and repeatedly: what is due is computed from the rows.
"""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from applications.errors import Gone
from applications.models import Application, InformationRequest
from applications.rules import lapse as lapse_rules, promise_pause, recipients
from applications.services import sent_once, transition
from applications.services.applicant.drafts import remove_draft
from applications.services.collected import Notify, collected
from applications.services.end_without_decision import lapse
from applications.workflow import ApplicationEvent, Status
from certportal.foundation import clock, events
from certportal.foundation.actors import system
from certportal.foundation.outbox.jobs import for_each


def watch_incomplete(*, now: datetime) -> None:
    """Warn of incomplete applications over about three months old; let overdue ones lapse.

    An order in a hearing does not lapse: after the deadline the promise resumes.
    """
    limit = _months_ago(3, now)
    old = Application.objects.filter(status__in=lapse_rules.INCOMPLETE, submitted_at__lt=limit)
    keys = old.order_by("submitted_at").values_list("pk", flat=True)
    with collected(now) as notify:
        for_each(keys, partial(warn_or_lapse, notify=notify, now=now))
    ended = InformationRequest.objects.filter(
        closed_at=None, is_hearing=True, deadline__lt=clock.day(now), application__due_on=None
    )
    for_each(ended.values_list("application", flat=True), partial(resume_promise, now=now))


@transaction.atomic
def resume_promise(application_id: UUID, *, now: datetime) -> None:
    """Resume the promise after the deadline of a hearing that nobody answered."""
    application = transition.lock(application_id)
    question = application.question
    if question is None or not question.is_hearing or application.due_on is not None:
        return
    if question.deadline < clock.day(now):
        resumed = promise_pause.unanswered(application, question.deadline)
        transition.save(application, now=now, **resumed)
        events.record(ApplicationEvent.TERM_ENDED, application, system("clock"), now)


@transaction.atomic
def warn_or_lapse(application_id: UUID, *, notify: Notify, now: datetime) -> None:
    """Let the application lapse if its last day has passed; else send the warning that is due."""
    application = transition.lock(application_id)
    day = lapse_rules.lapses_on(application)
    if day is None or application.submitted_at is None:
        return
    if clock.day(now) >= day:
        lapse(application_id, notify=notify, now=now)
        return
    due = lapse_rules.warning_due(clock.day(application.submitted_at), clock.day(now))
    if due and sent_once.once("lapse_warning", application_id, due, now=now):
        notify(application, "lapse_warning", recipients.by_lapse(application, now=now), now)


def watch_drafts(*, now: datetime) -> None:
    """Warn of old drafts, and remove those whose owners have been warned."""
    old = Application.objects.filter(status=Status.DRAFT, changed_at__lt=_months_ago(11, now))
    keys = old.order_by("changed_at").values_list("pk", flat=True)
    with collected(now) as notify:
        for_each(keys, partial(warn_or_remove, notify=notify, now=now))


@transaction.atomic
def warn_or_remove(application_id: UUID, *, notify: Notify, now: datetime) -> None:
    """Remove a draft unchanged for a year if the last warning is at least a week old; else warn.

    Changing the draft starts a new year with new warnings: therefore the ledger's key contains the
    day of removal.
    """
    try:
        application = transition.lock(application_id)
    except Gone:  # its owner has just discarded it
        return
    if application.status != Status.DRAFT:
        return
    changed, today = clock.day(application.changed_at), clock.day(now)
    removal = lapse_rules.removed_on(changed)
    warned = lapse_rules.last_warned_each([application])
    if warned and today >= lapse_rules.removal_of(application):
        remove_draft(application, actor=system("clock"), now=now)
        return
    due = lapse_rules.removal_warning_due(changed, today)
    if due and sent_once.once("draft_warning", application_id, f"{removal}:{due}", now=now):
        to = recipients.distinct(application, ("applicant", *recipients.author(application)))
        notify(application, "draft_warning", to, now)


def _months_ago(months: int, now: datetime) -> datetime:
    """Return the time for preselecting rows, four days later because months differ in length."""
    return clock.start_of_day(clock.add_months(clock.day(now), -months) + timedelta(days=4))
