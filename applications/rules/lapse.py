"""When an incomplete application lapses, when an old draft is removed, and the warnings before.

An application that has been pending for over six months and is still incomplete lapses (the
service description), but never before a deadline that the authority has given has passed
(hallintolaki 22, 33 §). Days are calendar days in Finnish time; on the last day the application
can still be completed. A last day that is no working day moves to the next one (act 150/1930, 5 §).
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from uuid import UUID

from applications.models import Application, Decision, SentNotice
from applications.rules import proposed_names
from applications.rules.sections import BY_ID, Section
from applications.workflow import Status
from certportal.foundation import clock, working_days

LAPSE_MONTHS = 6
DRAFT_MONTHS = 12
WEEK = timedelta(days=7)
INCOMPLETE = frozenset({Status.AWAITING_CSR, Status.NAMES_PROPOSED, Status.INFO_REQUESTED})
# How long the applicant has to attach a new certificate request after the checks rejected one, or
# after a reviewer reopened the application.
MENDING_DAYS = 30


def last_day(submitted: date, deadline: date | None = None) -> date:
    """Return the last day on which the application can still be completed."""
    full = clock.add_months(submitted, LAPSE_MONTHS)
    return working_days.working_day(max(full, deadline) if deadline else full)


def lapses_on(application: Application) -> date | None:
    """Return the day on which the application lapses unless completed; None if it cannot lapse.

    It is the day after the last day to complete it. An order in a hearing is complete, and is
    decided after the hearing's deadline.
    """
    if application.submitted_at is None or application.status not in INCOMPLETE:
        return None
    question = application.question
    if question is not None and question.is_hearing:
        return None
    submitted = clock.day(application.submitted_at)
    return last_day(submitted, deadline(application)) + timedelta(days=1)


def last_day_of(application: Application) -> date | None:
    """Return the last day on which the order can be completed; None if it cannot lapse."""
    ends = lapses_on(application)
    return ends and ends - timedelta(days=1)


def deadline(application: Application) -> date | None:
    """Return the deadline given to the applicant, or None if none was given.

    It is that of the open request for information, or `MENDING_DAYS` after the last check run or
    reopening when a certificate request is missing.
    """
    if application.status == Status.INFO_REQUESTED:
        question = application.question
        return question.deadline if question else None
    reopened = application.decisions.filter(kind=Decision.Kind.REOPENED).last()
    starts = [moment.at for moment in (application.check_runs.last(), reopened) if moment]
    return clock.day(max(starts)) + timedelta(days=MENDING_DAYS) if starts else None


def missing(application: Application) -> list[Section]:
    """Return the parts of the form without which the application stays incomplete."""
    names = [BY_ID["host_names"]] if proposed_names.are_awaited(application) else []
    if application.status == Status.NAMES_PROPOSED:
        return names
    if application.status == Status.AWAITING_CSR:
        return [*names, BY_ID["csr"]]
    question = application.question
    return [BY_ID[field] for field in question.fields] if question else []


def warnings(submitted: date) -> dict[str, date]:
    """Return the days of the warnings by name: at 3, 5 and 5½ months from submission."""
    fifth = clock.add_months(submitted, 5)
    return {"3": clock.add_months(submitted, 3), "5": fifth, "5.5": fifth + timedelta(days=15)}


def warning_due(submitted: date, today: date) -> str | None:
    """Return the name of the latest warning whose day has come, or None; earlier ones are
    skipped.
    """
    reached = [name for name, day in warnings(submitted).items() if day <= today]
    return reached[-1] if reached else None


def removed_on(changed: date) -> date:
    """Return the day on which a draft is removed that was last changed on the day `changed`, if it
    was warned of in time.
    """
    return clock.add_months(changed, DRAFT_MONTHS)


def last_warned_each(drafts: Iterable[Application]) -> dict[UUID, date]:
    """Return, by its key, the day of the last warning before the removal of each draft as it is.

    Drafts that nobody was warned of are left out.
    """
    keys = {str(each.pk): f"{removed_on(clock.day(each.changed_at))}:week" for each in drafts}
    sent = SentNotice.objects.filter(notice="draft_warning", about__in=keys)
    days = sent.values_list("about", "key", "sent_at")
    return {UUID(about): clock.day(at) for about, key, at in days if key == keys[about]}


def removal_of(draft: Application) -> date:
    """Return the day on which the draft is removed: see `removal_each`."""
    return removal_each([draft])[draft.pk]


def removal_each(drafts: Collection[Application]) -> dict[UUID, date]:
    """Return, by its key, the day on which each draft is removed: a week after its last warning at
    the earliest, since that is late if the service stood still.
    """
    warned = last_warned_each(drafts)
    days = {each.pk: removed_on(clock.day(each.changed_at)) for each in drafts}
    return {pk: max(day, warned[pk] + WEEK) if pk in warned else day for pk, day in days.items()}


def removal_warning_due(changed: date, today: date) -> str | None:
    """Return which warning of the draft's removal is due: "month" or "week" before it, or None."""
    day = removed_on(changed)
    if today >= day - WEEK:
        return "week"
    return "month" if today >= clock.add_months(changed, DRAFT_MONTHS - 1) else None
