"""What reviewers are told by the clock: the day's work, and a source waited for too long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, StaffRole
from applications import holding, promise
from applications.mailtext import subject_and_body
from applications.models import Application
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.mail import Message

MORNING = time(7, 30)
LONGEST_WAIT = timedelta(hours=4)
PROMISED = (Status.CHECKING, Status.IN_REVIEW, Status.APPROVED)
SOURCES: dict[str, Promise] = {"register": _("the register of organisations")}


@dataclass(frozen=True, slots=True)
class Day:
    """The cases of a morning, each in one list only: late, due today, taken by nobody."""

    today: date
    late: Sequence[Application]
    due: Sequence[Application]
    unclaimed: Sequence[Application]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.late or self.due or self.unclaimed)


def is_morning(now: datetime) -> bool:
    """Return whether it is a working day and half past seven, Finnish time, has passed."""
    local = now.astimezone(clock.HELSINKI)
    return promise.is_working_day(local.date()) and local.time() >= MORNING


def work_of(today: date) -> Day:
    """Return the cases that the reviewers should know of that morning."""
    found = Application.objects.filter(status__in=PROMISED, due_on__isnull=False)
    promised = list(found.select_related("organisation", "reviewer").order_by("due_on", "number"))
    return Day(
        today,
        late=[case for case in promised if case.due_on and case.due_on < today],
        due=[case for case in promised if case.due_on == today],
        unclaimed=[case for case in promised if _is_free(case, today)],
    )


def waiting_too_long(now: datetime) -> QuerySet[Application]:
    """Return the applications that have waited for a source for over four hours, oldest first."""
    waiting = Application.objects.exclude(waiting_for="")
    return waiting.filter(waiting_since__lt=now - LONGEST_WAIT).order_by("waiting_since")


def reviewers() -> QuerySet[Person]:
    """Return the persons who hold the reviewer's role and have an address."""
    kind = StaffRole.Kind.REVIEWER
    held = StaffRole.objects.filter(kind=kind, ended_at=None).values("person")
    return Person.objects.filter(pk__in=held, merged_into=None).exclude(email="").order_by("pk")


def write(notice: str, person: Person, source: str, *, now: datetime) -> Message | None:
    """Write the reviewer's mail as things stand; None when there is nothing to tell any more."""
    if notice == "morning":
        work = work_of(clock.day(now))
        return None if work.is_empty else morning(person, work)
    waiting = list(waiting_too_long(now).filter(waiting_for=source))
    return alarm(person, source, waiting) if waiting else None


def morning(person: Person, work: Day) -> Message:
    """Write the mail of the morning to a reviewer."""
    return write_to(person, "morning", {"work": work, "address": _console(person.language)})


def alarm(person: Person, source: str, waiting: Sequence[Application]) -> Message:
    """Write the alarm about a source that does not answer; the oldest application comes first."""
    context = {
        "source": source_words(source),
        "waiting": waiting,
        "since": waiting[0].waiting_since,
        "address": _console(person.language),
    }
    return write_to(person, "alarm", context)


def source_words(source: str) -> str:
    """Return what a source that is waited for is called."""
    return str(SOURCES.get(source, source))


def write_to(person: Person, notice: str, told: Mapping[str, object]) -> Message:
    """Render the mail in the reviewer's language; the template's first line is the subject."""
    with translation.override(person.language):
        context = {**told, "base": settings.PORTAL_BASE_URL}
        text = render_to_string(f"applications/mail/{notice}.txt", context)
    subject, body = subject_and_body(text)
    return Message(person.email, subject, body, person.language)


def _console(language: str) -> str:
    with translation.override(language):
        return settings.PORTAL_BASE_URL + reverse("console:queue")


def _is_free(case: Application, today: date) -> bool:
    ahead = case.due_on is not None and case.due_on > today
    return ahead and case.status == Status.IN_REVIEW and holding.is_free(case)
