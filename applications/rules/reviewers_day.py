"""What reviewers are told at set times: the day's work, and sources that do not answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, StaffRole
from applications.models import Application, RevocationReport
from applications.models.revocation_report import TERM
from applications.rules import case_holder
from applications.workflow import Status, promise
from certportal.foundation import clock

MORNING = time(7, 30)
LONGEST_WAIT = timedelta(hours=4)
LAST_HOURS = timedelta(hours=6)
"""So long before the end of its time reviewers hear again of a revocation that was reported."""
PROMISED = (Status.CHECKING, Status.IN_REVIEW, Status.APPROVED)
SOURCES: dict[str, Promise] = {
    "register": _("the register of organisations"),
    "dns": _("the domain name system (DNS)"),
}


@dataclass(frozen=True, slots=True)
class Day:
    """The cases to report in the morning, each in one list only.

    `late` are past their promised day, `due` are promised for today, `soon` for the next working
    day, and `unclaimed` are due later and held by no reviewer. `unanswered` are the reader's own
    whose applicant has not answered in time. Of `soon`, reviewers hear of their own, leads of all.
    """

    today: date
    late: Sequence[Application]
    due: Sequence[Application]
    soon: Sequence[Application]
    unclaimed: Sequence[Application]
    unanswered: Sequence[Application]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to report."""
        return not (self.late or self.due or self.soon or self.unclaimed or self.unanswered)


def is_morning(now: datetime) -> bool:
    """Return whether it is a working day and at least 7:30 in Finnish time."""
    local = now.astimezone(clock.HELSINKI)
    return promise.is_working_day(local.date()) and local.time() >= MORNING


def work_of(today: date, reader: Person) -> Day:
    """Return the cases to report to the reviewer on the morning of the day."""
    cases = Application.objects.select_related("organisation", "reviewer")
    found = cases.filter(status__in=PROMISED, due_on__isnull=False)
    promised = list(found.order_by("due_on", "number"))
    next_day, is_lead = promise.after(today, 1), leads().filter(pk=reader.pk).exists()
    soon = [case for case in promised if case.due_on and today < case.due_on <= next_day]
    asked = cases.filter(status=Status.INFO_REQUESTED, reviewer=reader)
    late_answer = Q(requests__closed_at=None, requests__deadline__lt=today)
    return Day(
        today,
        late=[case for case in promised if case.due_on and case.due_on < today],
        due=[case for case in promised if case.due_on == today],
        soon=[case for case in soon if is_lead or case.reviewer_id == reader.pk],
        unclaimed=[case for case in promised if _is_free(case, next_day if is_lead else today)],
        unanswered=list(asked.filter(late_answer).order_by("number")),
    )


def waiting_too_long(now: datetime) -> QuerySet[Application]:
    """Return the applications waiting over four hours for a source, the longest wait first."""
    waiting = Application.objects.exclude(waiting_for="")
    return waiting.filter(waiting_since__lt=now - LONGEST_WAIT).order_by("waiting_since")


def reviewers() -> QuerySet[Person]:
    """Return the current reviewers who have an e-mail address."""
    return _holding(StaffRole.Kind.REVIEWER)


def leads() -> QuerySet[Person]:
    """Return those of the reviewers who lead the others."""
    return _holding(StaffRole.Kind.LEAD)


def _holding(kind: StaffRole.Kind) -> QuerySet[Person]:
    held = StaffRole.objects.filter(kind=kind, ended_at=None).values("person")
    return Person.objects.filter(pk__in=held, merged_into=None).exclude(email="").order_by("pk")


def source_words(source: str) -> str:
    """Return the source's name for people, in the active language."""
    return str(SOURCES.get(source, source))


def running_out(now: datetime) -> QuerySet[RevocationReport]:
    """Return the reports of revocations whose time to be decided in is nearly or wholly over."""
    own = Q(proposal__isnull=False, proposal__closed_at=None)
    waiting = RevocationReport.objects.filter(own | Q(beside__isnull=False, beside__closed_at=None))
    return waiting.filter(received_at__lte=now - TERM + LAST_HOURS).order_by("received_at")


def _is_free(case: Application, after: date) -> bool:
    ahead = case.due_on is not None and case.due_on > after
    return ahead and case.status == Status.IN_REVIEW and case_holder.is_free(case)
