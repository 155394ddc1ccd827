"""Changes in a case since the reader's last action on it, or before their first one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts.access import actor_for
from accounts.models import Person
from applications.models import Application, Submission
from applications.views.shared import history
from applications.views.shared.submissions import Change, changes
from applications.workflow import ApplicationEvent, Status
from certportal.foundation.models import Event

READING = {
    ApplicationEvent.CASE_VIEWED,
    ApplicationEvent.CERTIFICATE_TAKEN,
    ApplicationEvent.DOWNLOAD,
    ApplicationEvent.HEARING_DOCUMENT_TAKEN,
}
"""Views and downloads: whoever only looked has not acted."""
ROUTINE = {ApplicationEvent.QUEUE, ApplicationEvent.WAIT, *READING}
"""Automatic consequences of actions, and reading, which changed nothing: they are not listed."""
MOST = 8
"""The most events that are listed; the case's history has them all."""


class Origin(StrEnum):
    """From when changes are counted: the reader's last action, else the latest approval, else the
    first submission.
    """

    OWN = "own"
    APPROVAL = "approval"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Since:
    """Events by others since `at`, newest first, and the changes in an answer received since.

    An answer to a hearing in words alone changes nothing.
    """

    origin: Origin
    at: datetime
    lines: Sequence[history.Line]
    answered_at: datetime | None
    changes: Sequence[Change]


def since(
    application: Application,
    events: Sequence[Event],
    submissions: Sequence[Submission],
    person: Person,
    people: Mapping[str, str] | None = None,
) -> Since | None:
    """Return the changes since the person's last action; None if there are none.

    Whoever has not acted on a case in review, as most second reviewers, reads the changes since the
    latest approval, or since the order was sent. `events` are the case's newest, newest first;
    `submissions` are all, newest last; `people` the names of the events' actors, if read.
    """
    own = str(actor_for(person))
    acts = (event for event in events if not event.refused and event.action not in READING)
    last = next((event for event in acts if event.actor == own), None)
    origin = Origin.OWN
    if last is None and application.status == Status.IN_REVIEW:
        last, origin = _before_the_first(events)
    if last is None:
        return None
    later = [
        event
        for event in events
        if event.pk > last.pk and event.actor != own and event.action not in ROUTINE
    ]
    if not later:
        return None
    sent = submissions[-1] if len(submissions) > 1 and submissions[-1].at > last.at else None
    seen = [earlier for earlier in submissions if earlier.at <= last.at][-1:]
    changed = changes([*seen, sent]) if sent and seen else []
    answered_at = sent.at if sent else _heard_at(later)
    return Since(origin, last.at, history.worded(later, people)[:MOST], answered_at, changed)


def _heard_at(events: Sequence[Event]) -> datetime | None:
    """Return when a hearing was answered in words; None if the events have no such answer."""
    answers = (event for event in events if event.action == ApplicationEvent.ANSWER_HEARING)
    return next((event.at for event in answers), None)


def _before_the_first(events: Sequence[Event]) -> tuple[Event | None, Origin]:
    """Return from where somebody reads who has not acted: the latest approval, or the sending."""
    approval = next((event for event in events if event.action == ApplicationEvent.APPROVE), None)
    if approval is not None:
        return approval, Origin.APPROVAL
    submits = {ApplicationEvent.SUBMIT, ApplicationEvent.SUBMIT_WITHOUT_CSR}
    return next((event for event in events if event.action in submits), None), Origin.SENT


def of_case(application: Application, person: Person) -> Since | None:
    """Return the changes, reading events and submissions of the case."""
    submissions = list(application.submissions.order_by("number"))
    return since(application, history.newest_of(application), submissions, person)
