"""One line of the queue: the case in so many words as a reviewer needs to choose it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from applications.models import Application, RevocationProposal
from applications.models.certificate_types import CertificateType
from applications.rules import order_search, queue_order
from applications.views.console.queue import ready_made
from applications.views.shared.due import Due, due
from applications.views.shared.rows import Condition, name_of, standings
from applications.workflow import Status
from certportal.foundation import clock
from issuance.findings import Severity

REVOKED_WITHIN = timedelta(hours=24)
"""How soon a request to revoke is decided (domain.md: revocation)."""
LOOKED_AT = {Severity.ERROR, Severity.WARNING}


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list.

    `unit` is the unit's name where it differs from the organisation's, `more` how many host names
    stand beside the first, `findings` how many want a look, `wants` what is still to do in words,
    `matched` what a search found it by.
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
    matched: Sequence[tuple[Promise, str]] = ()


def rows(cases: Sequence[Application], *, typed: str = "", now: datetime) -> list[Row]:
    """Return the lines about the cases, in their order; `typed`: what they were searched by."""
    lines = _lines(cases, now)
    matched = order_search.matched(typed, cases) if typed else {}
    return [replace(one, matched=matched.get(one.case.pk, ())) for one in lines]


def _lines(cases: Sequence[Application], now: datetime) -> list[Row]:
    stand = standings(cases, now=now)
    keys = [case.pk for case in cases]
    marked = Application.objects.filter(pk__in=keys)
    second = set(marked.filter(queue_order.second_wanted(now)).values_list("pk", flat=True))
    right = set(marked.filter(ready_made.right_missing(now)).values_list("pk", flat=True))
    open_ = RevocationProposal.objects.filter(application__in=keys, closed_at=None)
    proposed = dict(open_.values_list("application", "made_at"))
    return [
        _row(
            case,
            stand[case.pk],
            [
                *([_("second reviewer")] if case.pk in second else []),
                *([_("authority")] if case.pk in right else []),
            ],
            proposed,
            now,
        )
        for case in cases
    ]


def _row(
    case: Application,
    standing: Condition,
    wants: list[str],
    proposed: dict[UUID, datetime],
    now: datetime,
) -> Row:
    unit = case.submission.record if case.submission else None
    unit_name = unit.long_name if unit else ""
    organisation = case.organisation.name
    return Row(
        case=case,
        due=_revoked_by(proposed[case.pk], now) if case.pk in proposed else due(case, now=now),
        standing=standing,
        kind=_kind(case.kind),
        is_test=case.kind.is_test,
        unit="" if unit_name.casefold() == organisation.casefold() else unit_name,
        name=name_of(case),
        more=max(len(case.host_names.all()) - 1, 0),
        findings=sum(one["severity"] in LOOKED_AT for one in case.findings),
        wants=[*wants, *_of_case(case, now)] if case.status == Status.IN_REVIEW else [],
    )


def _of_case(case: Application, now: datetime) -> list[str]:
    """Return what the applicant has answered and what evidence is missing."""
    hosts = list(case.host_names.all())
    given = sum(bool(host.evidence) for host in hosts)
    missing = _("evidence %(given)s/%(all)s") % {"given": given, "all": len(hosts)}
    closed = [
        one.closed_at
        for one in case.requests.all()
        if one.closed_at and one.reviewer_id and not one.cancelled
    ]
    day = date_format(clock.day(max(closed)), "SHORT_DATE_FORMAT") if closed else ""
    aside = case.aside_until
    until = date_format(aside, "SHORT_DATE_FORMAT") if aside and aside > clock.day(now) else ""
    return [
        *([_("set aside until %(day)s") % {"day": until}] if until else []),
        *([_("answered %(day)s") % {"day": day}] if day else []),
        *([missing] if given < len(hosts) else []),
    ]


def _revoked_by(made_at: datetime, now: datetime) -> Due:
    """Return until when the proposal to revoke must be decided."""
    ends = made_at + REVOKED_WITHIN
    if now >= ends:
        return Due(clock.day(ends), _("late"), "error")
    left = -(-(ends - now) // timedelta(hours=1))
    return Due(clock.day(ends), _("%(hours)s h left") % {"hours": left}, "warning")


def _kind(kind: CertificateType) -> Promise:
    if kind.has_host_names:
        return pgettext_lazy("certificate for", "Server")
    if kind.has_system:
        return pgettext_lazy("certificate for", "System")
    return pgettext_lazy("certificate for", "Mailbox")
