"""The home page of the chosen organisation: tasks, open orders, and certificates that expire."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access, consents
from accounts.acting_for import member_required
from accounts.models import Organisation, Person
from accounts.page_reading import read_once
from accounts.right_to_act import held
from accounts.services.organisations import join
from applications.access import certificates_seen, naming, orders_seen, own, successions
from applications.models import (
    Application,
    HostName,
    InformationRequest,
    RevocationReport,
)
from applications.rules import reminders, renewal, revocation_reports
from applications.rules.renewable import TYPES
from applications.views.account import whose_turn
from applications.views.account.filters import ORDERS_SORTED, PER_PAGE
from applications.views.account.history import newest, news, people_in
from applications.views.account.unused import unused
from applications.views.shared import tracking
from applications.views.shared.entry import may_order
from applications.views.shared.right_asked import right_asked
from applications.views.shared.rows import (
    CertificateRow,
    certificate_rows,
    order_rows,
    rows_for_others,
    with_names,
)
from applications.views.shared.supplying import orders as supplied, supplies
from applications.workflow import OPEN_CASES, Status
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import (
    Number,
    Rows,
    Values,
    ask_together,
    read_all,
)
from certportal.foundation.database.related_rows import hand_over
from certportal.foundation.models import Event
from certportal.foundation.web import bars, keyset
from issuance.models import Certificate

MOST = 5
"""The number of lines in each part of the page; a link leads to the rest."""
UNDER_WAY = Q(status__in=OPEN_CASES)
LOOKED_AT = 10
"""The number of certificates ending soon that are checked for a renewal at first."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something the reader must do: in words, at which URL, and by which day."""

    words: str
    href: str
    by: date | None = None


@read_once
@member_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the home page; a technical member, who may not order, gets another one."""
    person, organisation = access.person_of(request), access.organisation_of(request)
    now = clock.now()
    if not may_order(request):
        return _technical(request, organisation, now)
    desk = _read(person, organisation, now)
    context = {
        "organisation": organisation,
        "right_asked": right_asked(person, organisation, on=clock.day(now)),
        "asking": join.unanswered(person, organisation, now=now),
        "customers_wait": supplies(request)
        and supplied(request).filter(status=Status.AWAITING_CSR).exists(),
        "news": news(desk.events, {str(order.pk): order for order in desk.orders}, desk.people),
        **desk.counts,
        **_lists(desk, now),
    }
    return render(request, "applications/home.html", context)


@dataclass(frozen=True, slots=True)
class Desk:
    """The data of the page.

    `reports` are the first undecided ones from outside that ask for a revocation. `waiting` and
    `first` are the keys of the first orders that wait for the applicant, and of the first open
    ones. `soon` asks for all certificates that end soon; `certificates` are the first to expire,
    and the first of `soon`. `unused` are the newest that the reader ordered and that nobody
    has said to be in use, by order; `more_unused`: there are more. `months` count expiring
    certificates by month. `orders` are all orders referred to by the others, by promised day.
    """

    counts: dict[str, int]
    reports: list[RevocationReport]
    events: list[Event]
    people: list[Person]
    waiting: set[UUID]
    first: set[UUID]
    certificates: list[Certificate]
    soon: QuerySet[Certificate]
    unused: dict[UUID, Certificate]
    more_unused: bool
    months: list[tuple[datetime, int]]
    orders: list[Application]


def _ask_rights(person: Person, organisation: Organisation, now: datetime) -> None:
    ask_together(
        held.of(person.current, organisation),
        join.waiting_for.of(organisation),
        consents.has_customers.of(organisation.pk, clock.day(now)),
        successions.of(),
    )


def _read(person: Person, organisation: Organisation, now: datetime) -> Desk:
    """Read the data in three rounds: rights, then lists, then the rows that these refer to."""
    _ask_rights(person, organisation, now)
    seen = orders_seen(person, organisation.pk)
    valid = certificates_seen(person, organisation.pk).filter(Certificate.in_force(now))
    soon = valid.filter(reminders.ending_soon(now)).order_by("not_after", "pk")
    ordered = seen.filter(UNDER_WAY).order_by("due_on", "submitted_at", "number").values_list("pk")
    unsaid = unused(seen.filter(own(person), whose_turn.installs()), valid, now)
    counted = _counted(seen)
    reports, events, waiting, first, ending, newest_unused, months, *numbers = read_all(
        Rows(revocation_reports.waiting_about(seen)[:MOST]),
        Rows(newest(seen, organisation, MOST)),
        Values(ordered.filter(whose_turn.waiting())[:MOST]),
        Values(ordered[:MOST]),
        Rows(_ending(valid, soon)),
        Rows(unsaid.order_by("-issued_at", "-pk")[: MOST + 1]),
        ending_by_month(valid),
        *counted.values(),
    )
    to_install = {certificate.reference: certificate for certificate in newest_unused[:MOST]}
    listed = {key for (key,) in waiting + first} | to_install.keys()
    listed |= {report.application_id for report in reports}
    keys = listed | {cert.reference for cert in ending}
    named = seen.filter(pk__in=keys | {UUID(event.object_id) for event in events})
    orders, hosts, requests, people = read_all(
        Rows(named.order_by("due_on", "submitted_at", "number")),
        Rows(HostName.objects.filter(application__in=keys)),
        Rows(InformationRequest.objects.filter(application__in=listed)),
        Rows(people_in(events)),
    )
    shown = [order for order in orders if order.pk in keys]
    hand_over(shown, "host_names", hosts)
    hand_over([order for order in shown if order.pk in listed], "requests", requests)
    return Desk(
        counts={name: sum(number) for name, number in zip(counted, numbers, strict=True)},
        reports=reports,
        events=events,
        people=people,
        waiting={key for (key,) in waiting},
        first={key for (key,) in first},
        certificates=ending,
        soon=soon,
        unused=to_install,
        more_unused=len(newest_unused) > MOST,
        months=months,
        orders=orders,
    )


def _technical(request: HttpRequest, organisation: Organisation, now: datetime) -> HttpResponse:
    orders = naming(access.person_of(request), organisation.pk).prefetch_related("host_names")
    latest = ORDERS_SORTED[""]
    page = keyset.page_of(orders, request, latest.key, most=PER_PAGE, newest=latest.newest)
    context = {"organisation": organisation, "orders": rows_for_others(page, now=now), "page": page}
    context["supplies"] = supplies(request)
    return render(request, "applications/home_technical.html", context)


def _counted(seen: QuerySet[Application]) -> dict[str, Number]:
    """Return the queries for the numbers of orders, and for whether one has been begun."""
    return {
        "begun": Number(seen, 1),
        "waiting": Number(seen.filter(whose_turn.waiting())),
        "drafts": Number(seen.filter(status=Status.DRAFT)),
        "under_way": Number(seen.filter(UNDER_WAY)),
    }


def _lists(desk: Desk, now: datetime) -> dict[str, Any]:
    """Return the context's lists: tasks, open orders, certificates and renewals."""
    rows = certificate_rows(desk.certificates, now=now, among=desk.orders)
    ending = [row for row in rows if reminders.ends_soon(row.certificate, now)]
    to_install = [(one, desk.unused[one.pk]) for one in desk.orders if one.pk in desk.unused]
    done = _renewed(ending, *to_install)
    renewals = unrenewed(desk.soon, now, first=(ending, done))
    reports = {report.application_id: report for report in desk.reports}
    reported = [_reported(one, reports[one.pk]) for one in desk.orders if one.pk in reports]
    tasks = list(dict.fromkeys(_task(one) for one in desk.orders if one.pk in desk.waiting))
    under_way = [order for order in desk.orders if order.pk in desk.first]
    return {
        "to_install": [order for order, cert in to_install if cert.pk not in done],
        "more_to_install": desk.more_unused,
        "tasks": reported + tasks,
        "more_tasks": desk.counts["waiting"] > len(tasks),
        "orders": [
            {"row": row, "stages": tracking.stages(row.order), "place": tracking.at(row.order)}
            for row in order_rows(under_way, now=now, among=desk.orders)
        ],
        "certificates": rows[:MOST],
        "time_line": line_of(desk.months, now=now),
        "renewals": renewals[:MOST],
        "more_renewals": len(renewals) > MOST,
        "renews_together": sum(row.certificate.profile_id in TYPES for row in renewals) > 1,
    }


def _ending(valid: QuerySet[Certificate], soon: QuerySet[Certificate]) -> QuerySet[Certificate]:
    """Return the first certificates to expire, and the first that should be renewed, by expiry.

    The first ones' keys are found in the index alone. Short certificates expire early, but long
    ones are to be renewed before them.
    """
    first = valid.order_by("not_after", "pk").values("pk")[:MOST]
    keys = first.union(soon.values("pk")[:LOOKED_AT])
    return Certificate.objects.filter(pk__in=keys).order_by("not_after", "pk")


def unrenewed(
    soon: QuerySet[Certificate],
    now: datetime,
    *,
    first: tuple[list[CertificateRow], set[int]] | None = None,
) -> list[CertificateRow]:
    """Return the rows of the first certificates of `soon`, which end soon, that are not renewed.

    They are more than `MOST` if there are. `first`: the rows of the first `LOOKED_AT`, if these
    have been read, and which are renewed. More are read only while there are too few, each time
    twice as many.
    """
    begin, end = 0, LOOKED_AT
    ending, done = first or _next(soon[begin:end], now)
    found = _left(ending, done)
    while len(found) <= MOST and len(ending) == end - begin:
        begin, end = end, end + 2 * (end - begin)
        ending, done = _next(soon[begin:end], now)
        found += _left(ending, done)
    return found


def _next(listed: QuerySet[Certificate], now: datetime) -> tuple[list[CertificateRow], set[int]]:
    certificates = list(listed.defer("der"))
    keys = [certificate.reference for certificate in certificates]
    orders = list(with_names(Application.objects.filter(pk__in=keys)))
    rows = certificate_rows(certificates, now=now, among=orders)
    return rows, _renewed(rows)


def _renewed(ending: list[CertificateRow], *others: tuple[Application, Certificate]) -> set[int]:
    """Return the keys of the certificates that another one makes unnecessary."""
    pairs = [(row.order, row.certificate) for row in ending if row.order]
    return renewal.renewed_of([*pairs, *others])


def _left(ending: list[CertificateRow], done: set[int]) -> list[CertificateRow]:
    return [row for row in ending if row.order and row.certificate.pk not in done]


def _task(order: Application) -> Task:
    """Return what the order waits for; equal for orders sent together without their requests."""
    href = reverse("applications:order", args=[order.pk])
    shown = {"name": order.called, "number": order.number}
    if order.status == Status.AWAITING_CSR and order.bulk_order_id and order.submitted_at:
        href = reverse("applications:bulk_order", args=[order.bulk_order_id])
        day = date_format(clock.day(order.submitted_at), "SHORT_DATE_FORMAT")
        words = _("Give the certificate requests: bulk order, sent %(day)s") % {"day": day}
        return Task(words, href)
    if order.status == Status.AWAITING_CSR:
        return Task(_("Give the certificate request: %(name)s, %(number)s") % shown, href)
    if order.status == Status.NAMES_PROPOSED:
        return Task(_("Confirm the host names: %(name)s, %(number)s") % shown, href)
    requests = order.requests.all()  # prefetched
    question = next((request for request in requests if request.closed_at is None), None)
    if question is not None and question.is_hearing:
        words = _("Answer the hearing: %(name)s, %(number)s")
        return Task(words % shown, href, question.deadline)
    words = _("Answer the request for information: %(name)s, %(number)s") % shown
    return Task(words, href, question.deadline if question else None)


def _reported(order: Application, report: RevocationReport) -> Task:
    """Return the question whether it was the organisation that asked for the revocation."""
    words = _(
        "We were asked to revoke a certificate. Did your organisation ask? %(name)s, %(number)s"
    )
    href = reverse("applications:order", args=[order.pk])
    shown = {"name": order.called, "number": order.number}
    return Task(words % shown, href, clock.day(report.due_at))


SHORTEST = 12
"""The least number of months that the chart shows."""


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The chart, and a description in words."""

    drawing: bars.Drawing
    words: str


def ending_by_month(certificates: QuerySet[Certificate]) -> Values:
    """Return the query for the number of expiring certificates by month."""
    by_month = certificates.annotate(month=TruncMonth("not_after", tzinfo=clock.HELSINKI)).values(
        "month"
    )
    counted = by_month.annotate(number=Count("*")).order_by("month")
    return Values(counted.values_list("month", "number"), 2)


def line_of(rows: Iterable[tuple[datetime, int]], *, now: datetime) -> TimeLine | None:
    """Return the chart of what `ending_by_month` found, from this month on; None if empty."""
    counts = {clock.day(month): number for month, number in rows}
    if not counts:
        return None
    shown, month = [clock.day(now).replace(day=1)], max(counts)
    while len(shown) < SHORTEST or shown[-1] < month:
        shown.append(clock.add_months(shown[-1], 1))
    values = [(counts.get(each, 0), 0) for each in shown]
    listed = ", ".join(f"{each.month}/{each.year}: {count}" for each, count in counts.items())
    return TimeLine(
        bars.drawn(values, bars.months(shown)),
        _("Certificates by the month in which they expire: %(months)s") % {"months": listed},
    )
