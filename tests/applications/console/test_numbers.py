"""The numbers of the desk: by month, by type and by person, on the page and as a file."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications import checks, services
from applications.models import Application
from applications.models.certificate_types import CertificateType
from applications.rules.load_by_hour import load_by_hour
from applications.rules.waiver_figures import waivers_by_month
from applications.rules.waivers import OID_OUTSIDE
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.web.bars import HAIRLINE
from issuance.findings import Finding, Severity
from tests.applications.waivers import in_hand, waive
from tests.tables import rewrite


def reject(desk, case):
    desk.reject(case, "Ei rekisterissä.")


def test_decisions_times_and_promises_of_this_month(ready, matti, riitta, desk):
    orders.press_approve(riitta, ready)
    reject(desk, orders.claimed(matti, riitta))
    month = desk.open("numbers").context["months"][-1]
    assert (month.approved, month.rejected) == (1, 1)
    assert (month.kept, month.promised, month.kept_percent) == (1, 1, 100)
    assert month.median is not None
    assert month.p95 >= month.median >= 0


def test_an_order_that_was_late_when_more_was_asked_keeps_no_promise(ready, matti, riitta, desk):
    today = clock.day(clock.now())
    Application.objects.filter(pk=ready.pk).update(due_on=today - timedelta(days=20))
    orders.ask(riitta, ready, clock.add_months(today, 1))
    act(matti, services.resubmit, ready, **orders.signature(matti, identified_at=clock.now()))
    orders.drain()
    ready.refresh_from_db()
    assert ready.due_on > today  # the answer gives a new day, which this approval keeps
    orders.give_evidence(riitta, ready)
    orders.press_approve(riitta, ready)
    month = desk.open("numbers").context["months"][-1]
    assert (month.approved, month.kept, month.promised) == (1, 0, 1)


@pytest.mark.parametrize("part", ["csr_findings", "order_findings"])
def test_an_order_that_was_late_when_the_checks_returned_it_keeps_no_promise(
    part, matti, riitta, cas, desk
):
    case = orders.in_review(matti)
    promised = clock.day(clock.now()) - timedelta(days=20)
    Application.objects.filter(pk=case.pk).update(due_on=promised)
    orders.attach(matti, case, orders.csr_of_order(1))  # nobody has taken the case yet
    case.refresh_from_db()
    fault = [Finding("order.record_missing", Severity.ERROR, {"oid": case.record_oid})]
    outcome = replace(checks.run(case, now=clock.now()), sections=["unit"], **{part: fault})
    services.conclude(case.pk, outcome, now=clock.now())
    case.refresh_from_db()
    assert (case.completed_at, case.due_on, case.days_left) == (None, None, None)
    if part == "csr_findings":
        orders.attach(matti, case, orders.csr_of_order(2))
    else:
        orders.resubmit(matti, case)
    orders.drain()
    act(riitta, services.claim, case)
    orders.drain()
    orders.give_evidence(riitta, case)
    orders.press_approve(riitta, case)
    month = desk.open("numbers").context["months"][-1]
    assert (month.approved, month.kept, month.promised) == (1, 0, 1)


def test_a_rejection_before_the_case_was_taken_up_again_has_no_time(matti, riitta, cas, desk):
    case = orders.claimed(matti, riitta)
    reject(desk, case)
    desk.press("reopen", case, reasons="Rekisteri oli väärässä.")
    month = desk.open("numbers").context["months"][-1]
    assert (month.rejected, month.median, month.p95, month.promised) == (1, None, None, 0)


def test_each_approval_counts_as_the_load_of_whoever_gave_it(ready, riitta, raimo, desk, settings):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    orders.press_approve(riitta, ready)
    orders.press_approve(raimo, ready)
    loads = desk.open("numbers").context["loads"]
    assert {(one.person, one.decided) for one in loads} == {(riitta, 1), (raimo, 1)}


def test_requests_for_information_and_loads(case, riitta, desk):
    orders.ask(riitta, case, clock.add_months(clock.day(clock.now()), 1))
    page = desk.open("numbers").context
    assert page["months"][-1].asked == 1
    assert [(one.person, one.decided, one.holds) for one in page["loads"]] == [(riitta, 0, 1)]


def test_times_returns_and_loads_are_drawn_and_the_loads_are_a_file(
    ready, matti, riitta, raimo, desk
):
    orders.press_approve(riitta, ready)
    held = orders.claimed(matti, riitta)
    orders.ask(riitta, held, clock.add_months(clock.day(clock.now()), 1))
    late = orders.claimed(matti, raimo)
    Application.objects.filter(pk=late.pk).update(due_on=clock.day(clock.now()))
    page = desk.open("numbers").context
    assert page["days_drawing"].bars[-1].value == page["months"][-1].p95
    assert page["returns_drawing"].bars[-1].value == sum(
        one.by_reviewers + one.by_checks for _part, one in page["returns"]
    )
    drawn = [(bar.low > 0, bar.high > 0) for bar in page["loads_drawing"].bars]
    assert drawn == [(one.person == riitta, one.person == raimo) for one in page["loads"]]
    rows = rows_of(desk.open("loads_csv"))
    assert rows[0] == ["Name", "Approvals and rejections", "Open cases", "Late or due today"]
    assert sorted(rows[1:]) == [[str(raimo), "0", "1", "1"], [str(riitta), "1", "1", "0"]]


def test_certificates_in_force_and_when_they_end(matti, riitta, cas, desk):
    orders.delivered(matti, riitta)
    shown = desk.open("numbers")
    assert shown.text.count('class="bars"') == 5
    # Of returns, loads and waivers there are none.
    assert shown.text.count("The chart has no bars yet.") == 3
    times = [bar.high for bar in shown.context["days_drawing"].bars]
    assert times == [0] * 11 + [HAIRLINE]
    page = shown.context
    assert dict(zip(map(str, page["types"]), page["in_force"], strict=True)) == {
        str(kind.label): int(kind == "server") for kind in CertificateType
    }
    assert [one.together for one in page["ahead"]].count(1) == page["in_force_together"] == 1
    rows = rows_of(desk.open("certificates_csv"))
    assert len(rows) == 1 + len(page["ahead"])
    assert [row[1:] for row in rows[1:] if "1" in row[1:]] == [["1", "0", "0", "0", "0"]]


def test_returns_by_part_and_faults_by_rule(case, matti, riitta, desk):
    other = orders.claimed(matti, riitta)
    Application.objects.filter(pk=other.pk).update(language="sv")
    ask_for(riitta, case, sections=["validity", "contact"])
    ask_for(riitta, other, sections=[], wanted="Fullmakt")
    found = [{"rule": "order.register_unknown", "severity": "error", "params": {"oid": "1.2.3"}}]
    rewrite(case.check_runs, findings=found)
    assert desk.url("ready_reasons") in desk.open("numbers").text
    page = desk.open("numbers").context
    assert [(one.part, one.by_reviewers, one.by_checks) for _label, one in page["returns"]] == [
        ("validity", 1, 0),
        ("contact", 1, 0),
        ("documents", 1, 0),
    ]
    assert ("The unit is not in the register", 1) in [
        (title, one.orders) for title, one in page["faults"]
    ]
    page = desk.open("numbers", language="sv", type="server").context
    assert [label for label, _one in page["returns"]] == ["Documents"]
    assert page["months"][-1].asked == 1
    assert "order.register_unknown" not in [one.rule for _title, one in page["faults"]]
    assert rows_of(desk.open("numbers_csv", language="fi"))[-1][6] == "1"
    assert desk.open("numbers", type="email").context["months"][-1].asked == 0


def test_returns_and_faults_are_downloaded_by_month_of_the_chosen_orders(case, matti, riitta, desk):
    earlier, other = orders.claimed(matti, riitta), orders.claimed(matti, riitta)
    for asked in (case, earlier, other):
        ask_for(riitta, asked, sections=["validity"], wanted="Valtakirja")
    found = [{"rule": "order.register_unknown", "severity": "error", "params": {"oid": "1.2.3"}}]
    # Two hours past midnight in Finland on the first, which is the evening before in UTC.
    first = clock.start_of_day(clock.add_months(clock.day(clock.now()).replace(day=1), -1))
    rewrite(earlier.requests, asked_at=first)
    rewrite(earlier.check_runs, at=first, findings=found)
    rewrite(other.check_runs, findings=found)
    Application.objects.filter(pk=other.pk).update(language="sv")
    then, now = f"{first.astimezone(clock.HELSINKI):%Y-%m}", f"{clock.day(clock.now()):%Y-%m}"
    assert rows_of(desk.open("returns_csv")) == [
        ["Month", "Part of the order", "Asked by reviewers", "Returned by the checks"],
        [then, "Validity", "1", "0"],
        [then, "Documents", "1", "0"],
        [now, "Validity", "2", "0"],
        [now, "Documents", "2", "0"],
    ]
    told = ["The unit is not in the register", "order.register_unknown", "1"]
    rows = rows_of(desk.open("findings_csv"))
    assert rows[0] == ["Month", "Finding", "Rule", "Orders"]
    assert [then, *told] in rows and [now, *told] in rows
    assert [row[:2] for row in rows_of(desk.open("returns_csv", language="sv"))[1:]] == [
        [now, "Validity"],
        [now, "Documents"],
    ]
    rows = rows_of(desk.open("findings_csv", language="sv"))
    assert [row[0] for row in rows if row[1:] == told] == [now]


def ask_for(reviewer, case, **values):
    deadline = clock.add_months(clock.day(clock.now()), 1)
    seen = orders.Handler(reviewer, case).seen
    services.request_info(
        case.pk, reason="Miksi?", deadline=deadline, person=reviewer, **values, **seen
    )


def test_an_empty_desk_has_numbers_too(desk):
    page = desk.open("numbers")
    assert len(page.context["months"]) == 12
    assert page.context["months"][-1].kept_percent is None
    assert page.text.count("The chart has no bars yet.") == 8
    assert 'class="bars"' not in page.text


def rows_of(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def test_the_file_holds_the_same_months(ready, riitta, desk):
    orders.press_approve(riitta, ready)
    rows = rows_of(desk.open("numbers_csv"))
    assert len(rows) == 13
    assert rows[-1][1] == "1"


def test_the_file_has_fractions_as_its_readers_language_writes_them(ready, riitta, desk):
    orders.press_approve(riitta, ready)
    month = desk.open("numbers").context["months"][-1]
    place = reverse("console:numbers_csv")
    figures = {"fi": str(month.median).replace(".", ","), "en": str(month.median)}
    for language, written in figures.items():
        rows = rows_of(desk.client.get(place.replace("/en/", f"/{language}/")))
        assert rows[-1][3] == written


@pytest.mark.usefixtures("still")
def test_who_decided_and_asked_at_which_hour(ready, matti, riitta, raimo, desk):
    orders.press_approve(riitta, ready)
    other = orders.claimed(matti, raimo)
    orders.ask(raimo, other, clock.add_months(clock.day(clock.now()), 1))
    page = desk.open("numbers").context
    hour = (clock.now().astimezone(clock.HELSINKI)).hour
    assert hour in page["by_hour"].hours
    assert sum(page["came"]) == 2
    done = {
        one.person: (sum(one.decided.values()), sum(one.asked.values()), sum(numbers))
        for one, numbers in page["acts"]
    }
    assert done == {riitta: (1, 0, 1), raimo: (0, 1, 1)}
    rows = rows_of(desk.open("hours_csv"))
    assert rows[0] == ["Reviewer", "Hour", "Decisions", "Requests for information"]
    told = [tuple(row) for row in rows[1:] if row[2:] != ["0", "0"]]
    assert sorted((row[0], *row[2:]) for row in told) == sorted(
        [(str(riitta), "1", "0"), (str(raimo), "0", "1")]
    )


def test_an_hour_is_of_the_finnish_day(matti, cas):
    at = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
    case = orders.in_review(matti)
    Application.objects.filter(pk=case.pk).update(completed_at=at)
    found = load_by_hour(now=at + timedelta(hours=1))
    assert (dict(found.came), found.hours) == ({0: 1}, range(17))


def told_of(months, rule=OID_OUTSIDE):
    return [month.of(rule) for month in months]


def test_waivers_given_in_force_and_expired_by_rule(matti, riitta, cas, desk):
    now = clock.now()
    waiver = waive(riitta, in_hand(matti, riitta), days=3)
    assert told_of(waivers_by_month(now=now + timedelta(minutes=1)))[-1] == [1, 1, 0]
    after = clock.start_of_day(waiver.ends_on) + timedelta(days=1, hours=1)
    months = told_of(waivers_by_month(now=after))
    assert [sum(kind) for kind in zip(*months, strict=True)] == [
        1,
        int(clock.day(now).month != clock.day(after).month),
        1,
    ]
    rows = rows_of(desk.open("waivers_csv"))
    assert rows[0] == ["Month", "Rule", "Given", "In force", "Expired"]
    assert len(rows) == 1 + 12 * 2
    assert rows[-2][2:] == ["1", "1", "0"]


def test_a_withdrawn_waiver_was_in_force_until_then_and_never_expired(matti, riitta, cas):
    waiver = waive(riitta, in_hand(matti, riitta))
    given = {"person": riitta, "actor": orders.actor_for(riitta), "now": clock.now()}
    services.withdraw_waiver(waiver.pk, reason="Sopimus on päättynyt.", **given)
    assert told_of(waivers_by_month(now=clock.now()))[-1] == [1, 0, 0]
    long_after = clock.start_of_day(waiver.ends_on) + timedelta(days=40)
    assert all(
        expired == 0 for _given, _in_force, expired in told_of(waivers_by_month(now=long_after))
    )


def test_a_waiver_that_ended_has_expired_also_when_it_is_given_anew(matti, riitta, cas, pass_days):
    case = in_hand(matti, riitta)
    waive(riitta, case, days=3)
    pass_days(5)
    waive(riitta, case, days=30)
    months = told_of(waivers_by_month(now=clock.now()))
    given, _in_force, expired = (sum(kind) for kind in zip(*months, strict=True))
    assert (given, expired) == (2, 1)


def test_the_numbers_take_as_many_queries_however_much_there_is(ready, matti, riitta, desk):
    with CaptureQueriesContext(connection) as few:
        desk.open("numbers")
    waive(riitta, in_hand(matti, riitta))
    orders.press_approve(riitta, ready)
    with CaptureQueriesContext(connection) as more:
        desk.open("numbers")
    assert len(more) <= len(few)
