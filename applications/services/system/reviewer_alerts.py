"""Notices to the reviewers: each working morning, and alerts that cannot wait until then."""

from datetime import datetime
from itertools import groupby
from operator import attrgetter

import structlog
from django.db import transaction

from accounts.models import Person
from accounts.register.lookup import queries
from accounts.services import mailing
from applications.rules import reviewers_day
from applications.services import sent_once
from certportal.foundation import clock

log = structlog.get_logger(__name__)


def greet_reviewers(*, now: datetime) -> None:
    """Enqueue a mail to each reviewer about the day's work, once a working day, from 7:30 on.

    One mail to each, and none if nothing is late, due, unclaimed or unanswered in the morning. The
    mail of a lead lists all cases that are promised for the next working day.
    """
    if not reviewers_day.is_morning(now):
        return
    today = clock.day(now)
    greeted = sent_once.about_whom("morning", today.isoformat())
    readers = [
        reviewer for reviewer in reviewers_day.reviewers() if str(reviewer.pk) not in greeted
    ]
    for person, work in reviewers_day.works(today, readers) if readers else ():
        _tell(person, "morning", today.isoformat(), today, silent=work.is_empty, now=now)


def raise_alarms(*, now: datetime) -> None:
    """Alert the reviewers to matters that cannot wait until the morning, also on days off.

    They are: a source that an application has waited for over four hours (once a day); a register
    import that waits for a reviewer's decision (once); a reported revocation (once shortly before
    its time limit, and once after it).
    """
    for report in reviewers_day.running_out(now):
        stage = "over" if report.due_at <= now else "soon"
        for person in reviewers_day.reviewers():
            _tell(person, "revocation_due", f"{report.pk}:{stage}", report.pk, now=now)
    for run in queries.waiting_runs():
        for person in reviewers_day.reviewers():
            _tell(person, "register_held", str(run.pk), run.pk, now=now)
    today = clock.day(now).isoformat()
    waiting = sorted(reviewers_day.waiting_too_long(now), key=attrgetter("waiting_for"))
    for source, cases in groupby(waiting, key=attrgetter("waiting_for")):
        log.error("source_awaited_too_long", source=source, applications=len(list(cases)))
        for person in reviewers_day.reviewers():
            _tell(person, "alarm", f"{today}:{source}", source, now=now)


@transaction.atomic
def _tell(
    person: Person, notice: str, key: str, source: object, *, now: datetime, silent: bool = False
) -> None:
    if sent_once.once(notice, person.pk, key[:40], now=now) and not silent:
        mailing.tell_reviewers([person], notice, source, now=now)
