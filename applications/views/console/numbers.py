"""The page of statistics, and its tables as CSV files."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts import access
from applications import services
from applications.rules import figures
from applications.rules.load_by_hour import load_by_hour
from applications.rules.waiver_figures import RULES, waivers_by_month
from applications.views.shared import spreadsheet
from certportal.foundation import clock
from certportal.foundation.web.bars import drawn


@access.reviewer_required
@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Show statistics of past months, workloads, and coming expiries."""
    now = clock.now()
    months, waivers = figures.months(now=now), waivers_by_month(now=now)
    by_hour = load_by_hour(now=now)
    context = {
        "months": months,
        "drawing": drawn([(month.approved, month.rejected) for month in months]),
        "by_hour": by_hour,
        "came": [by_hour.came[hour] for hour in by_hour.hours],
        "acts": [
            (reviewer, [reviewer.acts(hour) for hour in by_hour.hours])
            for reviewer in by_hour.reviewers
        ],
        "hours_drawing": drawn(by_hour.together),
        "waivers": waivers,
        "rules": RULES.values(),
        "waivers_drawing": drawn([month.in_force() for month in waivers]),
        "in_force": figures.in_force_by_type(now=now),
        "ahead": figures.ends_ahead(now=now),
        "loads": figures.loads(now=now),
    }
    return render(request, "applications/console/numbers.html", context)


@access.reviewer_required
@require_safe
def numbers_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Download the figures by month."""
    services.record_list_exported("numbers", **access.acting(request))
    head = [
        _("Month"),
        _("Approved"),
        _("Rejected"),
        _("Median (days)"),
        _("p95 (days)"),
        _("Promise kept, per cent"),
        _("Requests for information"),
        _("Lapsed"),
    ]
    rows = [
        [
            f"{month.first:%Y-%m}",
            *(str(value) for value in (month.approved, month.rejected)),
            *("" if value is None else str(value) for value in (month.median, month.p95)),
            "" if month.kept_percent is None else str(month.kept_percent),
            *(str(value) for value in (month.asked, month.lapsed)),
        ]
        for month in figures.months(now=clock.now())
    ]
    return spreadsheet.answer("numbers", head, rows)


@access.reviewer_required
@require_safe
def hours_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Download each reviewer's actions by hour, a row for each person and hour."""
    services.record_list_exported("numbers_hours", **access.acting(request))
    head = [_("Reviewer"), _("Hour"), _("Decisions"), _("Requests for information")]
    by_hour = load_by_hour(now=clock.now())
    rows = [
        [str(reviewer.person), str(hour), str(reviewer.decided[hour]), str(reviewer.asked[hour])]
        for reviewer in by_hour.reviewers
        for hour in by_hour.hours
    ]
    return spreadsheet.answer("numbers-hours", head, rows)


@access.reviewer_required
@require_safe
def waivers_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Download the waivers by month and rule."""
    services.record_list_exported("numbers_waivers", **access.acting(request))
    given, expired = pgettext("waivers", "Given"), pgettext("waivers", "Expired")
    head = [_("Month"), _("Rule"), given, pgettext("waivers", "In force"), expired]
    rows = [
        [f"{month.first:%Y-%m}", str(words), *(str(number) for number in month.of(rule))]
        for month in waivers_by_month(now=clock.now())
        for rule, words in RULES.items()
    ]
    return spreadsheet.answer("numbers-waivers", head, rows)
