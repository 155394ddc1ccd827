"""The page of statistics, and its tables as CSV files."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext as _, gettext_lazy, pgettext

from accounts import access
from applications import services
from applications.checks.wording import word_all
from applications.models.certificate_types import CertificateType
from applications.rules import figures, return_figures, sections
from applications.rules.load_by_hour import load_by_hour
from applications.rules.waiver_figures import RULES, waivers_by_month
from applications.views.shared import spreadsheet
from applications.views.shared.forms import FilterForm
from certportal.foundation import clock
from certportal.foundation.web import bars

COLUMNS: spreadsheet.Columns[figures.Month] = [
    (gettext_lazy("Month"), lambda month: f"{month.first:%Y-%m}"),
    (gettext_lazy("Approved"), lambda month: str(month.approved)),
    (gettext_lazy("Rejected"), lambda month: str(month.rejected)),
    (gettext_lazy("Half took at most (days)"), lambda month: _number(month.median)),
    (gettext_lazy("95 of 100 took at most (days)"), lambda month: _number(month.p95)),
    (gettext_lazy("Promise kept, per cent"), lambda month: _number(month.kept_percent)),
    (gettext_lazy("Requests for information"), lambda month: str(month.asked)),
    (gettext_lazy("Lapsed"), lambda month: str(month.lapsed)),
]


class AmongForm(FilterForm):
    """Which orders are counted."""

    type = forms.ChoiceField(
        label=gettext_lazy("Type of certificate"),
        choices=[("", gettext_lazy("All types")), *CertificateType.choices],
        required=False,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the case"),
        choices=[("", gettext_lazy("All languages")), *settings.LANGUAGES],
        required=False,
    )

    def among(self) -> figures.Among:
        """Return which orders are counted; all if a choice is unknown."""
        return figures.Among(**self.cleaned_data) if self.is_valid() else figures.ALL


@access.reviewers_read
def numbers(request: HttpRequest) -> HttpResponse:
    """Show statistics of past months, workloads, and coming expiries."""
    now, chosen = clock.now(), AmongForm(request.GET or None)
    among = chosen.among()
    months, waivers = figures.months(now=now, among=among), waivers_by_month(now=now)
    by_hour, loads = load_by_hour(now=now), figures.loads(now=now)
    labels = bars.months(one.first for one in months)
    returned = return_figures.returned_by_month(now=now, among=among)
    context = _about_certificates(now) | {
        "chosen": chosen,
        "returns": [
            (_asked(one.part), one) for one in return_figures.returns(now=now, among=among)
        ],
        "returns_drawing": bars.drawn([returned[one.first] for one in months], labels),
        "faults": [(_title(one), one) for one in return_figures.faults(now=now, among=among)],
        "months": months,
        "drawing": bars.drawn([(month.approved, month.rejected) for month in months], labels),
        "days_drawing": bars.drawn(
            [figures.took(month.median, month.p95) for month in months],
            labels,
            least=bars.HAIRLINE,
        ),
        "by_hour": by_hour,
        "came": [by_hour.came[hour] for hour in by_hour.hours],
        "acts": [
            (reviewer, [reviewer.acts(hour) for hour in by_hour.hours])
            for reviewer in by_hour.reviewers
        ],
        "hours_drawing": bars.drawn(by_hour.together, [str(hour) for hour in by_hour.hours]),
        "waivers": waivers,
        "rules": RULES.values(),
        "waivers_drawing": bars.drawn(
            [month.in_force() for month in waivers], bars.months(one.first for one in waivers)
        ),
        "loads": loads,
        "loads_drawing": bars.drawn([(one.holds - one.late, one.late) for one in loads]),
    }
    return render(request, "applications/console/numbers.html", context)


def _about_certificates(now: datetime) -> dict[str, Any]:
    ahead = figures.ends_ahead(now=now)
    in_force = [sum(column) for column in zip(*(one.numbers for one in ahead), strict=True)]
    return {
        "types": [kind.label for kind in CertificateType],
        "ahead": ahead,
        "ahead_drawing": bars.drawn(
            [(one.together, 0) for one in ahead],
            [*bars.months(one.first for one in ahead if one.first), _("later")],
        ),
        "in_force": in_force,
        "in_force_together": sum(in_force),
        "in_force_drawing": bars.drawn([(number, 0) for number in in_force]),
    }


def _asked(part: str) -> str:
    others = {return_figures.DOCUMENTS: _("Documents"), return_figures.WORDS: _("Words alone")}
    return others.get(part) or str(sections.BY_ID[part].title)


def _title(fault: return_figures.Fault) -> str:
    return word_all([fault.example])[0][1].title


@access.reviewers_read
def returns_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Download what was asked, by month and part, of the chosen orders."""
    among = AmongForm(request.GET or None).among()
    services.record_list_exported("numbers_returns", **access.acting(request))
    asked = [_("Asked by reviewers"), _("Returned by the checks")]
    rows = [
        [f"{first:%Y-%m}", _asked(one.part), str(one.by_reviewers), str(one.by_checks)]
        for first, one in return_figures.returns_by_month(now=clock.now(), among=among)
    ]
    return spreadsheet.answer("numbers-returns", [_("Month"), _("Part of the order"), *asked], rows)


@access.reviewers_read
def findings_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Download what the checks found, by month and rule, of the chosen orders."""
    among = AmongForm(request.GET or None).among()
    services.record_list_exported("numbers_findings", **access.acting(request))
    head = [_("Month"), _("Finding"), _("Rule"), _("Orders")]
    rows = [
        [f"{first:%Y-%m}", _title(one), one.rule, str(one.orders)]
        for first, one in return_figures.faults_by_month(now=clock.now(), among=among)
    ]
    return spreadsheet.answer("numbers-findings", head, rows)


@access.reviewers_read
def certificates_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Download the certificates in force by the month in which they end, and type."""
    services.record_list_exported("numbers_certificates", **access.acting(request))
    head = [_("Month"), *(str(kind.label) for kind in CertificateType)]
    rows = [
        [f"{one.first:%Y-%m}" if one.first else _("later"), *map(str, one.numbers)]
        for one in figures.ends_ahead(now=clock.now())
    ]
    return spreadsheet.answer("numbers-certificates", head, rows)


@access.reviewers_read
def numbers_csv(request: HttpRequest) -> StreamingHttpResponse:
    among = AmongForm(request.GET or None).among()
    services.record_list_exported("numbers", **access.acting(request))
    return spreadsheet.table("numbers", COLUMNS, figures.months(now=clock.now(), among=among))


def _number(value: float | None) -> str:
    return "" if value is None else number_format(value)


@access.reviewers_read
def loads_csv(request: HttpRequest) -> StreamingHttpResponse:
    services.record_list_exported("numbers_loads", **access.acting(request))
    person = pgettext("person", "Name")
    head = [person, _("Approvals and rejections"), _("Open cases"), _("Late or due today")]
    rows = [
        [str(one.person), str(one.decided), str(one.holds), str(one.late)]
        for one in figures.loads(now=clock.now())
    ]
    return spreadsheet.answer("numbers-loads", head, rows)


@access.reviewers_read
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


@access.reviewers_read
def waivers_csv(request: HttpRequest) -> StreamingHttpResponse:
    services.record_list_exported("numbers_waivers", **access.acting(request))
    given, expired = pgettext("waivers", "Given"), pgettext("waivers", "Expired")
    head = [_("Month"), _("Rule"), given, pgettext("waivers", "In force"), expired]
    rows = [
        [f"{month.first:%Y-%m}", str(words), *(str(number) for number in month.of(rule))]
        for month in waivers_by_month(now=clock.now())
        for rule, words in RULES.items()
    ]
    return spreadsheet.answer("numbers-waivers", head, rows)
