"""What beat does daily about applications nobody completes: warn, let lapse, remove old drafts.

Every function may run at any time and any number of times: what is due is read from the rows.
"""

from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from applications import concerned, lapsing, notices
from applications.models import Application
from applications.services import ledger, moving
from applications.services.drafting import remove_draft
from applications.services.ending import lapse
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.jobs import for_each

WEEK = timedelta(days=7)


def watch_incomplete(*, now: datetime) -> None:
    """Warn of each incomplete application that grows old, and let the overdue ones lapse."""
    grown = _months_ago(3, now)
    old = Application.objects.filter(status__in=lapsing.INCOMPLETE, submitted_at__lt=grown)
    keys = old.order_by("submitted_at").values_list("pk", flat=True)
    for_each(keys, partial(warn_or_lapse, now=now))


@transaction.atomic
def warn_or_lapse(application_id: UUID, *, now: datetime) -> None:
    """Let the application lapse if its last day is over; else send the warning that is due."""
    application = moving.lock(application_id)
    day = lapsing.lapses_on(application)
    if day is None or application.submitted_at is None:
        return
    if clock.day(now) >= day:
        lapse(application_id, now=now)
        return
    due = lapsing.warning_due(clock.day(application.submitted_at), clock.day(now))
    if due and ledger.once("lapse_warning", application_id, due, now=now):
        told = concerned.by_lapse(application, now=now)
        moving.notify(application, "lapse_warning", told, now)


def watch_drafts(*, now: datetime) -> None:
    """Warn of drafts that grow old, and remove those whose owners have been warned."""
    grown = _months_ago(11, now)
    old = Application.objects.filter(status=Status.DRAFT, changed_at__lt=grown)
    keys = old.order_by("changed_at").values_list("pk", flat=True)
    for_each(keys, partial(warn_or_remove, now=now))


@transaction.atomic
def warn_or_remove(application_id: UUID, *, now: datetime) -> None:
    """Remove a year-old draft a week after its last warning at the earliest; else warn.

    A change to the draft begins a new year, and so the occasion carries the day of removal.
    """
    try:
        application = moving.lock(application_id)
    except Application.DoesNotExist:  # its owner has just discarded it
        return
    if application.status != Status.DRAFT:
        return
    changed, today = clock.day(application.changed_at), clock.day(now)
    removal = lapsing.removed_on(changed)
    if today >= removal and _warned(application_id, removal, now):
        remove_draft(application, now=now)
        return
    due = lapsing.removal_warning_due(changed, today)
    if due and ledger.once("draft_warning", application_id, f"{removal}:{due}", now=now):
        told = notices.distinct(application, ("applicant", *concerned.author(application)))
        moving.notify(application, "draft_warning", told, now)


def _warned(application_id: UUID, removal: date, now: datetime) -> bool:
    sent = ledger.sent_at("draft_warning", application_id, f"{removal}:week")
    return sent is not None and clock.day(sent) + WEEK <= clock.day(now)


def _months_ago(months: int, now: datetime) -> datetime:
    """Return a moment by which to pre-select; months of unequal length leave a few days' play."""
    return clock.start_of_day(clock.add_months(clock.day(now), -months) + timedelta(days=4))
