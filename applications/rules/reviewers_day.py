"""What reviewers are told at set times: the day's work, and sources that do not answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, StaffRole
from applications.models import Application
from applications.rules import case_holder
from applications.workflow import Status, promise
from certportal.foundation import clock

MORNING = time(7, 30)
LONGEST_WAIT = timedelta(hours=4)
PROMISED = (Status.CHECKING, Status.IN_REVIEW, Status.APPROVED)
SOURCES: dict[str, Promise] = {
    "register": _("the register of organisations"),
    "dns": _("the domain name system (DNS)"),
}


@dataclass(frozen=True, slots=True)
class Day:
    """The cases to report in the morning, each in one list only.

    `late` are past their promised day, `due` are promised for today, and `unclaimed` are due later
    and held by no reviewer.
    """

    today: date
    late: Sequence[Application]
    due: Sequence[Application]
    unclaimed: Sequence[Application]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to report."""
        return not (self.late or self.due or self.unclaimed)


def is_morning(now: datetime) -> bool:
    """Return whether it is a working day and at least 7:30 in Finnish time."""
    local = now.astimezone(clock.HELSINKI)
    return promise.is_working_day(local.date()) and local.time() >= MORNING


def work_of(today: date) -> Day:
    """Return the cases to report to the reviewers on the morning of the day."""
    found = Application.objects.filter(status__in=PROMISED, due_on__isnull=False)
    promised = list(found.select_related("organisation", "reviewer").order_by("due_on", "number"))
    return Day(
        today,
        late=[case for case in promised if case.due_on and case.due_on < today],
        due=[case for case in promised if case.due_on == today],
        unclaimed=[case for case in promised if _is_free(case, today)],
    )


def waiting_too_long(now: datetime) -> QuerySet[Application]:
    """Return the applications waiting over four hours for a source, the longest wait first."""
    waiting = Application.objects.exclude(waiting_for="")
    return waiting.filter(waiting_since__lt=now - LONGEST_WAIT).order_by("waiting_since")


def reviewers() -> QuerySet[Person]:
    """Return the current reviewers who have an e-mail address."""
    kind = StaffRole.Kind.REVIEWER
    held = StaffRole.objects.filter(kind=kind, ended_at=None).values("person")
    return Person.objects.filter(pk__in=held, merged_into=None).exclude(email="").order_by("pk")


def source_words(source: str) -> str:
    """Return the source's name for people, in the active language."""
    return str(SOURCES.get(source, source))


def _is_free(case: Application, today: date) -> bool:
    ahead = case.due_on is not None and case.due_on > today
    return ahead and case.status == Status.IN_REVIEW and case_holder.is_free(case)
