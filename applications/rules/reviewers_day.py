"""What reviewers are notified of: the day's work, unanswering sources, reported revocations."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, StaffRole
from applications.models import Application, RevocationReport
from applications.models.revocation_report import TERM
from applications.workflow import Status
from certportal.foundation import clock, working_days

MORNING = time(7, 30)
LONGEST_WAIT = timedelta(hours=4)
LAST_HOURS = timedelta(hours=6)
"""How long before its time limit reviewers are reminded of a reported revocation."""
# An order with a promised day is in one of these. In INFO_REQUESTED there is none, except after the
# deadline of a hearing.
PROMISED = (Status.CHECKING, Status.IN_REVIEW, Status.INFO_REQUESTED, Status.APPROVED)
SOURCES: dict[str, Promise] = {
    "register": _("the register of organisations"),
    "dns": _("the domain name system (DNS)"),
}


@dataclass(frozen=True, slots=True)
class Day:
    """The cases to report in the morning, each promised case in one list only.

    `late` are past their promised day, `due` are promised for today, `soon` for the next working
    day, and `unclaimed` are due later and held by no reviewer. `unanswered` are those whose
    applicant has not answered a reviewer in time. A reviewer's `soon` and `unanswered` contain only
    their own cases; a lead's `soon` all, and `unanswered` also those of no current reviewer.
    """

    today: date
    late: Sequence[Application]
    due: Sequence[Application]
    soon: Sequence[Application]
    unclaimed: Sequence[Application]
    unanswered: Sequence[Application]

    @property
    def is_empty(self) -> bool:
        return not (self.late or self.due or self.soon or self.unclaimed or self.unanswered)


def is_morning(now: datetime) -> bool:
    """Return whether it is a working day and at least 7:30 in Finnish time."""
    local = now.astimezone(clock.HELSINKI)
    return working_days.is_working_day(local.date()) and local.time() >= MORNING


def works(today: date, readers: Sequence[Person]) -> Iterator[tuple[Person, Day]]:
    """Yield each reader with their work that morning; the cases are read once for all readers."""
    cases = Application.objects.select_related("organisation", "reviewer")
    due = cases.filter(status__in=PROMISED, due_on__isnull=False)
    promised = list(due.order_by("due_on", "number"))
    overdue = Q(requests__closed_at=None, requests__deadline__lt=today)
    overdue &= Q(requests__reviewer__isnull=False, status=Status.INFO_REQUESTED)
    unanswered = list(cases.filter(overdue).order_by("number"))
    reviewing, leading = set(_roles(StaffRole.Kind.REVIEWER)), set(_roles(StaffRole.Kind.LEAD))
    for reader in readers:
        yield reader, _day(today, reader.pk, reader.pk in leading, promised, unanswered, reviewing)


def _day(
    today: date,
    reader: UUID,
    is_lead: bool,
    promised: Sequence[Application],
    unanswered: Sequence[Application],
    reviewing: Collection[UUID],
) -> Day:
    """Divide the cases for one reader; `reviewing` are the keys of the current reviewers."""
    next_day = working_days.after(today, 1)
    later = next_day if is_lead else today
    free = {case.pk for case in (*promised, *unanswered) if case.reviewer_id not in reviewing}
    dated = [(case, case.due_on) for case in promised if case.due_on is not None]
    return Day(
        today,
        late=[case for case, day in dated if day < today],
        due=[case for case, day in dated if day == today],
        soon=[
            case
            for case, day in dated
            if today < day <= next_day and (is_lead or case.reviewer_id == reader)
        ],
        unclaimed=[
            case
            for case, day in dated
            if day > later and case.status == Status.IN_REVIEW and case.pk in free
        ],
        unanswered=[
            case
            for case in unanswered
            if case.reviewer_id == reader or (is_lead and case.pk in free)
        ],
    )


def waiting_too_long(now: datetime) -> QuerySet[Application]:
    """Return the applications waiting over four hours for a source, the longest wait first."""
    waiting = Application.objects.exclude(waiting_for="")
    return waiting.filter(waiting_since__lt=now - LONGEST_WAIT).order_by("waiting_since")


def reviewers() -> QuerySet[Person]:
    """Return the current reviewers who have an e-mail address."""
    people = Person.objects.filter(pk__in=_roles(StaffRole.Kind.REVIEWER), merged_into=None)
    return people.exclude(email="").order_by("pk")


def _roles(kind: StaffRole.Kind) -> QuerySet[StaffRole, UUID]:
    """Return the keys of the persons who hold the role now."""
    return StaffRole.objects.filter(kind=kind, ended_at=None).values_list("person", flat=True)


def source_words(source: str) -> str:
    """Return the source's name for people, in the active language."""
    return str(SOURCES.get(source, source))


def running_out(now: datetime) -> QuerySet[RevocationReport]:
    """Return the reports of undecided revocations whose time limit is near or has passed."""
    proposed = Q(proposal__isnull=False, proposal__closed_at=None)
    beside = Q(beside__isnull=False, beside__closed_at=None)
    waiting = RevocationReport.objects.filter(proposed | beside)
    return waiting.filter(received_at__lte=now - TERM + LAST_HOURS).order_by("received_at")
