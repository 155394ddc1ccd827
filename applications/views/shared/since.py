"""What has changed in a case since the reader last did something to it."""

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
"""What follows by itself from what others did, and looks that changed nothing."""
MOST = 8
"""The most events that are listed; the case's history has them all."""


@dataclass(frozen=True, slots=True)
class Since:
    """What others did since `at`, the newest first, and what an answer that came changed."""

    at: datetime
    lines: Sequence[history.Line]
    answered_at: datetime | None
    changes: Sequence[Change]


def since(
    events: Sequence[Event], submissions: Sequence[Submission], person: Person
) -> Since | None:
    """Return what changed since the person's last act; None if they did nothing, or nothing did.

    `events` are the case's newest, the newest first; `submissions` all, the newest last.
    """
    own = str(actor_for(person))
    mark = next((one for one in events if one.actor == own), None)
    if mark is None:
        return None
    later = [one for one in events if one.pk > mark.pk and one.action not in ROUTINE]
    if not later:
        return None
    sent = submissions[-1] if len(submissions) > 1 and submissions[-1].at > mark.at else None
    seen = [one for one in submissions if one.at <= mark.at][-1:]
    changed = changes([*seen, sent]) if sent and seen else []
    return Since(mark.at, history.worded(later)[:MOST], sent.at if sent else None, changed)


def of_case(application: Application, person: Person) -> Since | None:
    """Return the same for a page that shows nothing else of the case's past."""
    submissions = list(application.submissions.order_by("number"))
    return since(history.newest_of(application), submissions, person)
