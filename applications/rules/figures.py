"""Figures of the last twelve months and of certificates in force, each by one query."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import TruncDate, TruncMonth

from accounts.models import Person, StaffRole
from applications.models import Application, Decision, InformationRequest, ReplacementApproval
from applications.models.certificate_types import CertificateType
from applications.workflow import ENDED, Status
from certportal.foundation import clock
from issuance.models import Approval, Certificate

MONTHS = 12
LATELY = timedelta(days=30)
ALONE = Q(prepared__replaces=None)
"""Approvals of single certificates; that of a mass replacement stands in the plan, once."""
DAY = timedelta(days=1)
DECIDED = Q(kind__in=[Decision.Kind.APPROVED, Decision.Kind.REJECTED])


class Percentile(Aggregate):
    """The value below which a share of the values lies (PostgreSQL's percentile_cont)."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)%(filter)s"


@dataclass(frozen=True, slots=True)
class Among:
    """Which orders are counted: those of a type and a language; "" is all."""

    type: str = ""
    language: str = ""

    def holds(self, path: str = "") -> Q:
        """Return the condition; `path` leads from the counted rows to their order."""
        chosen = {"type": self.type, "language": self.language}
        return Q(**{f"{path}{name}": value for name, value in chosen.items() if value})


ALL = Among()


@dataclass(frozen=True, slots=True)
class Month:
    """Figures of a month; times are in days, from when the order was last complete.

    `kept` of `promised` approvals were made by the promised day, and were not late when more was
    asked before. `asked` counts requests for information. The median and 95th percentile are over
    `timed` decisions. `parties`, `timed_parties` and `promised_parties` count the organisations of
    all, timed and promised decisions.
    """

    first: date
    approved: int = 0
    rejected: int = 0
    median: float | None = None
    p95: float | None = None
    kept: int = 0
    promised: int = 0
    asked: int = 0
    lapsed: int = 0
    timed: int = 0
    parties: int = 0
    timed_parties: int = 0
    promised_parties: int = 0

    @property
    def kept_percent(self) -> int | None:
        """The percentage of promises kept; None if there were none."""
        return round(100 * self.kept / self.promised) if self.promised else None


def took(median: float | None, p95: float | None) -> tuple[float, float] | None:
    """Return the median, and how much longer the 95th percentile is; None without them."""
    return None if median is None or p95 is None else (median, round(p95 - median, 1))


@dataclass(frozen=True, slots=True)
class Load:
    """A reviewer's decisions in the last 30 days, and the number of open cases they hold.

    The approval of a mass replacement is one, however many certificates it has. `late` of the open
    cases are past their promised day or promised for today.
    """

    person: Person
    decided: int
    holds: int
    late: int


def months(*, now: datetime, among: Among = ALL) -> list[Month]:
    """Return the last twelve months, the present one last."""
    firsts = last_months(now)
    since = clock.start_of_day(firsts[0])
    decided = {row.pop("month"): row for row in _decisions(since, among)}
    requests = InformationRequest.objects.filter(among.holds("application__"), is_hearing=False)
    requested = _by_month(requests.exclude(reviewer=None), "asked_at", since)
    ended = Application.objects.filter(among.holds(), status=Status.LAPSED)
    lapsed = _by_month(ended, "ended_at", since)
    return [
        _month(first, decided.get(first, {}), requested.get(first, 0), lapsed.get(first, 0))
        for first in firsts
    ]


def by_language(*, now: datetime) -> dict[str, Month]:
    """Return the figures of the decisions in these months by the language of the case."""
    first, language = last_months(now)[0], "application__language"
    found = {}
    for row in _decisions(clock.start_of_day(first), ALL, by=language):
        code = row.pop(language)
        found[code] = _month(first, row, 0, 0)
    return found


def _decisions(since: datetime, among: Among, *, by: str = "month") -> QuerySet[Decision, Any]:
    # Decisions made before the order was last complete have no stored starting time.
    last = Q(at__gte=F("application__completed_at"))
    took = ExpressionWrapper(F("at") - F("application__completed_at"), DurationField())
    in_time = Q(at_day__lte=F("application__due_on"), application__was_late=False)
    approved = Q(kind=Decision.Kind.APPROVED)
    promised = approved & last & Q(application__due_on__isnull=False)
    of_orders = among.holds("application__")
    decisions = Decision.objects.filter(DECIDED, of_orders, at__gte=since).order_by()
    dated = decisions.annotate(
        month=TruncMonth(TruncDate("at", tzinfo=clock.HELSINKI)),
        at_day=TruncDate("at", tzinfo=clock.HELSINKI),
        took=took,
    )
    counted: QuerySet[Decision, Any] = dated.values(by).annotate(
        approved=Count("pk", filter=approved),
        rejected=Count("pk", filter=~approved),
        median=Percentile("took", share="0.5", filter=last),
        p95=Percentile("took", share="0.95", filter=last),
        promised=Count("pk", filter=promised),
        kept=Count("pk", filter=promised & in_time),
        timed=Count("pk", filter=last),
        parties=_parties(),
        timed_parties=_parties(last),
        promised_parties=_parties(promised),
    )
    return counted


def _parties(among: Q | None = None) -> Count:
    return Count("application__organisation", distinct=True, filter=among)


def _month(first: date, decided: dict[str, Any], asked: int, lapsed: int) -> Month:
    times = {name: _days(decided.get(name)) for name in ("median", "p95")}
    return Month(first, asked=asked, lapsed=lapsed, **decided | times)


def _days(took: object) -> float | None:
    return round(took / DAY, 1) if isinstance(took, timedelta) else None


def _by_month(rows: QuerySet[Any], column: str, since: datetime) -> dict[date, int]:
    dated = rows.filter(**{f"{column}__gte": since}).order_by()
    month = TruncMonth(TruncDate(column, tzinfo=clock.HELSINKI))
    return dict(dated.annotate(month=month).values_list("month").annotate(Count("pk")))


def last_months(now: datetime) -> list[date]:
    """Return the first days of the last twelve months, the present one last."""
    present = clock.day(now).replace(day=1)
    return [clock.add_months(present, distance) for distance in range(1 - MONTHS, 1)]


def loads(*, now: datetime) -> list[Load]:
    """Return the load of each reviewer, and of others who decided lately or hold a case."""
    since = now - LATELY
    rejections = Decision.objects.filter(kind=Decision.Kind.REJECTED, at__gte=since).order_by()
    approvals = Approval.objects.filter(ALONE, created_at__gte=since).order_by()
    plans = ReplacementApproval.objects.filter(at__gte=since).order_by()
    decided = Counter(dict(rejections.values_list("reviewer").annotate(Count("pk"))))
    decided.update(dict(approvals.values_list("person").annotate(Count("pk"))))
    decided.update(dict(plans.values_list("person").annotate(Count("pk"))))
    open_cases = Application.objects.exclude(status__in=ENDED).exclude(reviewer=None).order_by()
    late = Count("pk", filter=Q(due_on__lte=clock.day(now)))
    rows = open_cases.values_list("reviewer").annotate(number=Count("pk"), overdue=late)
    held = {reviewer: (number, overdue) for reviewer, number, overdue in rows}
    roles = StaffRole.objects.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None)
    busy = Q(pk__in={*decided, *held})
    people = Person.objects.filter(busy | Q(pk__in=roles.values("person")))
    return [
        Load(person, decided[person.pk], *held.get(person.pk, (0, 0)))
        for person in people.order_by("family_name", "given_name")
    ]


@dataclass(frozen=True, slots=True)
class Ending:
    """How many certificates in force end in a month, by type; `first` is None for later months."""

    first: date | None
    numbers: Sequence[int]

    @property
    def together(self) -> int:
        """The number of all types."""
        return sum(self.numbers)


def ends_ahead(*, now: datetime) -> list[Ending]:
    """Return the next twelve months, the present one first, and all later months."""
    present = clock.day(now).replace(day=1)
    firsts = [clock.add_months(present, distance) for distance in range(MONTHS)]
    month = TruncMonth(TruncDate("not_after", tzinfo=clock.HELSINKI))
    certificates = Certificate.objects.filter(Certificate.in_force(now)).order_by()
    counted = certificates.annotate(month=month).values_list("month", "profile_id")
    found: dict[tuple[date | None, str], int] = {}
    for first, profile, number in counted.annotate(Count("pk")):
        place = first if first in firsts else None, profile
        found[place] = found.get(place, 0) + number
    return [
        Ending(first, [found.get((first, kind.value), 0) for kind in CertificateType])
        for first in [*firsts, None]
    ]
