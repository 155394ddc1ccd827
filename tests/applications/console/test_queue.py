"""The queue: order, filters, search, counts, spreadsheet."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications import services
from applications.models import Application
from applications.rules import queue_order
from applications.views.console.queue import queue
from applications.views.console.queue.ready_made import cases
from applications.views.shared import spreadsheet
from applications.views.shared.spreadsheet import quoted, written
from certportal.dev.builders import orders
from certportal.foundation import clock, working_days
from issuance.models import Certificate
from tests.applications.console.listed import due_in, numbers
from tests.tables import unkept


def counted(answer):
    return {str(view["label"]): view["count"].number for view in answer.context["views"]}


def test_an_empty_queue_says_what_comes_there(desk):
    answer = desk.open("queue")
    assert "No case is waiting" in answer.text
    assert "0 cases" in answer.text


def test_the_next_case_is_offered_only_while_one_can_be_taken(
    matti, cas, riitta, desk, other_desk, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    assert "No case is waiting to be taken" in desk.open("queue").text
    case = orders.claimed(matti, riitta)
    assert "Take the next case" not in desk.open("queue").text
    waiting = orders.in_review(matti)
    assert "Take the next case" in desk.open("queue").text
    desk.press("claim", waiting)
    assert "Take the next case" not in desk.open("queue").text
    orders.approve(riitta, case)
    assert "Take the next case" not in desk.open("queue").text
    assert "Take the next case" in other_desk.open("queue").text


def test_an_empty_view_says_when_a_case_comes_to_that_view(desk):
    """The checks put none before a second reviewer, nor into one's own hands."""
    said = {view: desk.open("queue", view=view).text for view in ("second", "mine", "revocations")}
    assert not [view for view, page in said.items() if "automatic checks have passed" in page]
    assert "when a reviewer has approved it" in said["second"]
    assert "Take the next one" in said["mine"]


def test_the_oldest_promise_comes_first(matti, cas, desk):
    later, sooner = orders.in_review(matti), orders.in_review(matti)
    due_in(later, 20)
    due_in(sooner, 10)
    assert numbers(desk.open("queue")) == [sooner.number, later.number]


def test_a_late_case_says_how_late_in_words(waiting, desk):
    day = due_in(waiting, -10)
    late = working_days.between(day, clock.day(clock.now()))
    assert f"{late} working days late" in desk.open("queue").text
    assert numbers(desk.open("queue", view="late")) == [waiting.number]
    assert numbers(desk.open("queue", view="today")) == []


def test_a_case_due_today_says_so(waiting, desk):
    due_in(waiting, 0)
    assert desk.open("queue").context["rows"][0].due.label == "today"


def test_ended_cases_are_shown_only_when_asked_for(waiting, matti, desk):
    seen = orders.Handler(matti, waiting).seen
    services.withdraw(waiting.pk, **seen)
    assert numbers(desk.open("queue")) == []
    assert numbers(desk.open("queue", status="withdrawn")) == [waiting.number]
    assert numbers(desk.open("queue", q=waiting.number)) == [waiting.number]


def test_test_and_production_are_told_apart(matti, cas, desk):
    real, trial = orders.in_review(matti), orders.in_review(matti, "test_server")
    assert numbers(desk.open("queue", environment="test")) == [trial.number]
    assert numbers(desk.open("queue", environment="production")) == [real.number]
    assert numbers(desk.open("queue", type="test_server")) == [trial.number]
    assert "TEST" in desk.open("queue", environment="test").text


def test_the_open_cases_with_a_finding_are_found_by_its_rule(matti, cas, desk):
    lacking = orders.in_review(matti)  # its request lacks a host name of the order
    other = orders.in_review(matti, "email", csr=orders.openssl_csr("muu.example.fi"))
    page = desk.open("queue")
    assert numbers(page) == [lacking.number, other.number]
    choices = dict(page.context["filter"].form.fields["finding"].widget.choices)
    assert {"", "expected.missing_host", "expected.common_name"} <= set(choices)
    found = desk.open("queue", finding="expected.missing_host")
    assert numbers(found) == [lacking.number]
    assert "Finding: Compared with the order (expected.missing_host)" in found.text
    assert numbers(desk.open("queue", finding="expected.missing_host", type="email")) == []
    assert numbers(desk.open("queue", finding="no.such")) == []
    link = f"{desk.url('queue')}?finding=expected.missing_host"
    assert f'href="{link}"' in desk.open("case", lacking.pk).text
    assert f'href="{link}"' in desk.open("numbers").text
    services.withdraw(lacking.pk, **orders.Handler(matti, lacking).seen)
    assert numbers(desk.open("queue", finding="expected.missing_host")) == []


def test_the_cases_that_lack_evidence_are_found(matti, riitta, cas, desk):
    lacking, other = orders.claimed(matti, riitta), orders.claimed(matti, riitta)
    orders.in_review(matti, "email", csr=orders.openssl_csr("muu.example.fi"))
    orders.give_evidence(riitta, other)
    found = desk.open("queue", finding="no_evidence")
    assert numbers(found) == [lacking.number]
    assert "Finding: Evidence missing for a host name" in found.text


def test_free_cases_and_ones_own(matti, cas, riitta, desk):
    mine, free = orders.claimed(matti, riitta), orders.in_review(matti)
    assert numbers(desk.open("queue", view="mine")) == [mine.number]
    assert numbers(desk.open("queue", view="free")) == [free.number]


def test_each_view_tells_how_many_cases_it_lists(matti, cas, riitta, desk):
    late, asked = orders.in_review(matti), orders.claimed(matti, riitta)
    orders.draft(matti)
    due_in(late, -10)
    orders.ask(riitta, asked, clock.day(clock.now()) + timedelta(days=10))
    answer = desk.open("queue")
    told = counted(answer)
    assert told | {"Late": 1, "Free": 1, "Mine": 1, "With the applicant": 1, "All open": 2} == told
    for view in answer.context["views"]:
        assert len(numbers(desk.client.get(view["href"]))) == view["count"].number, view["label"]


def test_an_answered_case_says_when(matti, cas, riitta, desk):
    case = orders.claimed(matti, riitta)
    orders.ask(riitta, case, clock.day(clock.now()) + timedelta(days=10))
    orders.resubmit(matti, case)
    orders.drain()
    answer = desk.open("queue", view="answered")
    assert numbers(answer) == [case.number]
    assert any(word.startswith("answered") for word in answer.context["rows"][0].wants)


def test_a_case_that_one_has_approved_waits_for_a_second(matti, cas, riitta, desk, settings):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    case = orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    answer = desk.open("queue", view="second")
    assert numbers(answer) == [case.number]
    assert answer.context["rows"][0].wants == ["second reviewer"]


def test_a_line_names_unit_first_host_findings_and_missing_evidence(waiting, desk):
    (row,) = desk.open("queue").context["rows"]
    assert (row.name, row.more) == ("erecept.example.fi", 1)
    assert row.wants == ["missing: evidence"]
    assert row.findings == len(waiting.findings)


def test_a_line_names_the_organisation_once_where_its_unit_is_called_alike(waiting, desk, pharmacy):
    pharmacy.name = waiting.submission.record.long_name.upper().replace(" ", "-")
    pharmacy.save(update_fields=["name"])
    (row,) = desk.open("queue", q="apteekki").context["rows"]
    assert row.unit == ""
    assert (row.marked, row.matched) == ({pharmacy.name}, [])


def test_open_and_closed_statuses_are_told_apart_in_the_filter(waiting, desk):
    answer = desk.open("queue", status="withdrawn")
    options = answer.text.partition('<select name="status"')[2].partition("</select>")[0]
    still, over = options.split("<optgroup")[1:]
    assert ('label="Open"' in still, 'value="in_review"' in still) == (True, True)
    assert ('label="Closed"' in over, 'value="withdrawn" selected' in over) == (True, True)
    assert [chip["label"] for chip in answer.context["chips"]] == ["Status: Withdrawn"]


def test_a_right_that_nobody_has_confirmed_is_a_view(seppo, cas, desk):
    case = orders.in_review(seppo)
    answer = desk.open("queue", view="right")
    assert numbers(answer) == [case.number]
    assert answer.context["rows"][0].wants == ["missing: authority to act, evidence"]


@pytest.mark.parametrize(
    "text", ["9900001-8", "erecept.example.fi", "varmuus", orders.UNIT, "  9900001-8 "]
)
def test_a_case_is_found_by_what_identifies_it(waiting, desk, text):
    assert numbers(desk.open("queue", q=text)) == [waiting.number]


def test_a_case_is_found_by_its_serial_number_in_either_form(case, desk):
    serial = orders.prepared(case).serial
    spaced = ":".join(serial[at : at + 2] for at in range(0, len(serial), 2)).lower()
    for text in (serial, spaced, str(int(serial, 16))):
        assert numbers(desk.open("queue", q=text)) == [case.number]


def test_a_search_without_hits_says_so(waiting, desk):
    answer = desk.open("queue", q="nothing-like-this.example")
    assert "No case fits" in answer.text
    assert "Remove all filters" in answer.text


def test_the_organisation_is_filtered_by_words_of_its_name(waiting, desk):
    assert numbers(desk.open("queue", organisation="äpteekki hels")) == [waiting.number]
    assert numbers(desk.open("queue", organisation="apteekki turku")) == []


def test_a_filter_in_force_can_be_taken_off(waiting, desk):
    chips = desk.open("queue", environment="production", q="9900001-8").context["chips"]
    assert [chip["label"] for chip in chips] == [
        "Search: 9900001-8",
        "Environment: Production",
    ]
    assert chips[0]["href"] == "?environment=production"


def test_nonsense_in_the_address_breaks_nothing(waiting, desk):
    answer = desk.open("queue", status="nonsense", page="nonsense")
    assert answer.status_code == 200
    assert numbers(answer) == [waiting.number]


def test_the_spreadsheet_holds_the_filtered_list(matti, cas, desk):
    real, trial = orders.in_review(matti), orders.in_review(matti, "test_server")
    answer = desk.open("queue_csv", environment="test")
    assert answer["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")), delimiter=";"))
    assert [row[0] for row in rows[1:]] == [trial.number]
    assert rows[1][2] == "9900001-8"
    assert real.number not in {row[0] for row in rows}


def test_the_spreadsheet_says_the_finnish_day_of_what_was_sent_after_midnight(matti, cas, desk):
    sent = orders.in_review(matti)
    with unkept():
        Application.objects.filter(pk=sent.pk).update(
            submitted_at=datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
        )
    text = desk.open("queue_csv").getvalue().decode("utf-8-sig")
    row = list(csv.reader(io.StringIO(text), delimiter=";"))[1]
    assert row[-1] == "2026-11-26"


def test_the_spreadsheet_looks_up_the_certificates_in_batches_without_their_bytes(
    matti, riitta, cas, monkeypatch
):
    monkeypatch.setattr(spreadsheet, "BATCH", 2)
    waiting = orders.in_review(matti)
    ended = [orders.delivered(matti, riitta) for _ in range(2)]
    with unkept():
        Certificate.objects.update(not_after=clock.now())
    with CaptureQueriesContext(connection) as queries:
        lines = list(queue.csv_lines(cases(), queue_order.KEY, now=clock.now()))
    stands = {line.case.number: line.standing for line in lines}
    assert {stands[one.number] for one in ended} == {"Expired"}
    assert stands[waiting.number] != "Expired"
    asked = [one["sql"] for one in queries if 'FROM "issuance_certificate"' in one["sql"]]
    assert len(asked) == 2
    assert not any('"der"' in one for one in asked)


def test_no_cell_is_run_as_a_formula(waiting, desk, pharmacy):
    pharmacy.name = '=HYPERLINK("http://evil.example")'
    pharmacy.save(update_fields=["name"])
    text = desk.open("queue_csv").getvalue().decode("utf-8-sig")
    row = next(csv.reader(io.StringIO(text.splitlines()[1]), delimiter=";"))
    assert row[1] == '\'=HYPERLINK("http://evil.example")'
    formulas = ["+1", "-1", "@a", "=b", "\t=b", "\r=b", "\n=b", "＋1", "－1", "＠a", "＝b"]
    assert [quoted(cell)[0] for cell in formulas] == ["'"] * len(formulas)
    assert quoted("a＝b") == "a＝b"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_no_delimiter_of_another_program_divides_a_cell(delimiter):
    cell = f"Virtanen{delimiter}=1+1"
    text = b"".join(written(["Name"], [[cell]])).decode("utf-8-sig")
    assert [*csv.reader(io.StringIO(text), delimiter=delimiter)] == [["Name"], [cell]]


def test_a_search_says_that_closed_orders_were_searched_too(waiting, matti, desk):
    services.withdraw(waiting.pk, **orders.Handler(matti, waiting).seen)

    def listed(**query):
        page = desk.open("queue", **query)
        marked = [str(view["label"]) for view in page.context["views"] if view["current"]]
        choices = str(page.context["filter"].form["status"])
        (default,) = re.findall(r'<option value=""[^>]*>([^<]*)<', choices)
        return marked, default, "closed ones too" in page.text

    assert listed() == (["All open"], "All open", False)
    assert listed(type="server") == (["All open"], "All open", False)
    assert listed(q=waiting.number) == ([], "All statuses", True)
    assert listed(status="withdrawn") == ([], "All statuses", False)
    assert listed(status="withdrawn", q=waiting.number) == ([], "All statuses", False)
    assert listed(view="mine", q=waiting.number) == (["Mine"], "All statuses", False)
