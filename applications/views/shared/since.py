"""Changes in a case since the reader's last action on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.access import actor_for
from accounts.models import Person
from applications.models import Application, Submission
from applications.views.shared import history
from applications.views.shared.submissions import Change, changes
from applications.workflow import ApplicationEvent
from certportal.foundation.models import Event

ROUTINE = (ApplicationEvent.QUEUE, ApplicationEvent.WAIT, ApplicationEvent.CASE_VIEWED)
"""Automatic consequences of actions, and views that changed nothing: they are not listed."""
MOST = 8
"""The most events that are listed; the case's history has them all."""


@dataclass(frozen=True, slots=True)
class Since:
    """Events by others since `at`, newest first, and the changes in an answer received since."""

    at: datetime
    lines: Sequence[history.Line]
    answered_at: datetime | None
    changes: Sequence[Change]


def since(
    events: Sequence[Event], submissions: Sequence[Submission], person: Person
) -> Since | None:
    """Return the changes since the person's last action; None without an action or changes.

    `events` are the case's newest, newest first; `submissions` are all, newest last.
    """
    own = str(actor_for(person))
    last = next((event for event in events if event.actor == own), None)
    if last is None:
        return None
    later = [event for event in events if event.pk > last.pk and event.action not in ROUTINE]
    if not later:
        return None
    sent = submissions[-1] if len(submissions) > 1 and submissions[-1].at > last.at else None
    seen = [earlier for earlier in submissions if earlier.at <= last.at][-1:]
    changed = changes([*seen, sent]) if sent and seen else []
    return Since(last.at, history.worded(later)[:MOST], sent.at if sent else None, changed)


def of_case(application: Application, person: Person) -> Since | None:
    """Return the changes, reading events and submissions of the case."""
    submissions = list(application.submissions.order_by("number"))
    return since(history.newest_of(application), submissions, person)
