"""The numbers of the desk: by month, by type and by person, on the page and as a file."""

import csv
import io

from certportal.dev.builders import orders
from certportal.foundation import clock


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


def test_certificates_in_force_and_when_they_end(matti, riitta, cas, desk):
    orders.delivered(matti, riitta)
    page = desk.open("numbers").context
    assert dict(page["in_force"])["Server certificate"] == 1
    assert sum(count for _first, count in page["ahead"]) <= 1


def test_an_empty_desk_has_numbers_too(desk):
    page = desk.open("numbers")
    assert len(page.context["months"]) == 12
    assert page.context["months"][-1].kept_percent is None


def test_the_file_holds_the_same_months(ready, riitta, desk):
    orders.press_approve(riitta, ready)
    answer = desk.open("numbers_csv")
    rows = list(
        csv.reader(
            io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")), delimiter=";"
        )
    )
    assert len(rows) == 13
    assert rows[-1][1] == "1"
