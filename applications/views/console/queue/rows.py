"""The rows of the queue, with what a reviewer needs to choose a case."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Case, OuterRef, Q, Subquery, When
from django.db.models.functions import Least
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _, pgettext_lazy

from applications.models import Application, InformationRequest, RevocationProposal, SearchEntry
from applications.models.certificate_types import CertificateType
from applications.models.revocation_report import TERM, RevocationReport
from applications.rules import order_search, queue_order
from applications.views.console.queue.ready_made import Reader
from applications.views.shared.due import Due, due
from applications.views.shared.rows import Condition, beside_organisation, standings
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Rows, Values, Wanted, compiled_for
from certportal.foundation.database.prepared_statements import Among
from issuance.findings import Severity

LOOKED_AT = {Severity.ERROR, Severity.WARNING}


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list.

    `unit` is the unit's name if it differs from the organisation's, `name` what the order is called
    or the host name by which a search found it, `more` the number of its other host names,
    `findings` the number of errors and warnings, `wants` what is still to do in words. Of the terms
    by which a search found it, `marked` are those that the row shows, and `matched` the others.
    """

    case: Application
    due: Due | None
    standing: Condition
    kind: Promise
    is_test: bool
    unit: str
    name: str
    more: int
    findings: int
    wants: list[str]
    marked: Collection[str] = ()
    matched: Sequence[tuple[Promise, str]] = ()


class Marks(NamedTuple):
    """What other tables tell of a case."""

    wants_second: bool = False
    answered_at: datetime | None = None
    revocation_asked_at: datetime | None = None


@compiled_for([UUID(int=1)], datetime.min.replace(tzinfo=UTC))
def _marks(cases: list[UUID], now: datetime) -> Values:
    of_case = {"application": OuterRef("pk")}
    requests = InformationRequest.objects.filter(**of_case, cancelled=False)
    answered = requests.exclude(reviewer=None).exclude(closed_at=None).order_by("-closed_at")
    proposed = RevocationProposal.objects.filter(**of_case, closed_at=None)
    of_proposal = Q(proposal=OuterRef("pk")) | Q(beside=OuterRef("pk"))
    reported = RevocationReport.objects.filter(of_proposal).order_by("received_at")
    # PostgreSQL's LEAST ignores NULL.
    asked_at = Least("made_at", Subquery(reported.values("received_at")[:1]))
    marked = Application.objects.filter(Among("pk", "uuid", cases)).annotate(
        wants_second=Case(When(queue_order.second_wanted(now), then=True), default=False),
        answered_at=Subquery(answered.values("closed_at")[:1]),
        revocation_asked_at=Subquery(proposed.values(asked=asked_at)[:1]),
    )
    return Values(marked.values_list("pk", *Marks._fields), 1 + len(Marks._fields))


def rows(cases: Sequence[Application], reader: Reader, *more: Wanted, typed: str = "") -> list[Row]:
    """Return the rows of the cases, in their order; `typed` is the search text.

    `more`: what else to read, by the same statement.
    """
    entries, marks = list[SearchEntry](), dict[UUID, Marks]()
    wanted = list(more)
    if cases:
        found = _marks([case.pk for case in cases], reader.now)
        wanted.append(
            Wanted(found, lambda rows: marks.update({pk: Marks(*values) for pk, *values in rows}))
        )
    if typed:
        wanted.append(Wanted(Rows(order_search.entries(cases)), entries.extend))
    stand = standings(cases, *wanted, now=reader.now)
    matched = order_search.matched(typed, entries)
    return [
        _row(case, marks[case.pk], stand[case.pk], matched.get(case.pk, ()), reader)
        for case in cases
    ]


def _row(
    case: Application,
    marks: Marks,
    standing: Condition,
    matched: Sequence[tuple[Promise, str]],
    reader: Reader,
) -> Row:
    record = case.submission.record if case.submission else None
    unit_name = record.long_name if record else ""
    asked, name = marks.revocation_asked_at, case.organisation.name
    unit = beside_organisation(unit_name, name)
    found = {value for _kind, value in matched}
    hosts = (host.name for host in case.host_names.all())
    called = next((host for host in hosts if host in found), case.called)
    shown = {case.number, called, unit, name}
    return Row(
        case=case,
        due=_revoked_by(asked, reader.now) if asked else due(case, now=reader.now),
        standing=standing,
        kind=_kind(case.kind),
        is_test=case.kind.is_test,
        unit=unit,
        name=called,
        more=max(len(case.host_names.all()) - 1, 0),
        findings=sum(finding["severity"] in LOOKED_AT for finding in case.findings),
        wants=_wants(case, marks, reader) if case.status == Status.IN_REVIEW else [],
        marked=found & shown,
        matched=[(kind, value) for kind, value in matched if value not in shown],
    )


def _wants(case: Application, marks: Marks, reader: Reader) -> list[str]:
    """Return in words what is still to do, and when the applicant has answered."""
    missing = {"what": ", ".join(_missing(case, reader))}
    answered = marks.answered_at
    day = date_format(clock.day(answered), "SHORT_DATE_FORMAT") if answered else ""
    aside, today = case.aside_until, clock.day(reader.now)
    until = date_format(aside, "SHORT_DATE_FORMAT") if aside and aside > today else ""
    return [
        *([_("second reviewer")] if marks.wants_second else []),
        *([_("set aside until %(day)s") % {"day": until}] if until else []),
        *([_("answered %(day)s") % {"day": day}] if day else []),
        *([_("missing: %(what)s") % missing] if missing["what"] else []),
    ]


def _missing(case: Application, reader: Reader) -> Iterator[str]:
    """Yield in words what the reviewer has to record before the certificate can be approved."""
    if reader.confirms_right(case):
        yield _("authority to act")
    hosts = list(case.host_names.all())
    if without := sum(not host.evidence for host in hosts):
        numbers = {"number": without, "all": len(hosts)}
        some = _("evidence for %(number)s of %(all)s names") % numbers
        yield some if without < len(hosts) else _("evidence")


def _revoked_by(asked_at: datetime, now: datetime) -> Due:
    """Return the time limit for deciding the proposal to revoke.

    It runs from the proposal or the first report about it, whichever was earlier.
    """
    ends = asked_at + TERM
    if now >= ends:
        return Due(clock.day(ends), _("late"), "error")
    hours_left = -(-(ends - now) // timedelta(hours=1))
    return Due(clock.day(ends), _("%(hours)s h left") % {"hours": hours_left}, "warning")


def _kind(kind: CertificateType) -> Promise:
    if kind.has_host_names:
        return pgettext_lazy("certificate for", "Server")
    if kind.has_system:
        return pgettext_lazy("certificate for", "System")
    return pgettext_lazy("certificate for", "Mailbox")
