"""Which indexes PostgreSQL reads for queue and case, kept from others and from whole tables."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import Application, Submission
from applications.views.console.case import known
from applications.views.console.queue import ready_made
from certportal.foundation import clock
from tests.applications.long_lists import copy


@pytest.fixture
def many(waiting):
    """Copies of a case, of which only the first has findings."""
    copy(waiting, 60)
    Application.objects.exclude(pk=waiting.pk).update(findings=[])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE applications_application")


def plan(sql, *kinds, without=()):
    """Return the plan of the statement with these kinds of scans, as if some indexes were not."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in without:
            cursor.execute(f"DROP INDEX {name}")
        for kind in {"seqscan", "bitmapscan", "indexscan", "indexonlyscan"} - {*kinds}:
            cursor.execute(f"SET LOCAL enable_{kind} = off")
        cursor.execute("EXPLAIN " + sql)
        return "\n".join(line for (line,) in cursor.fetchall())


def asked(part, ask):
    """Return the one statement with this part that is run."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    (sql,) = (one["sql"] for one in queries if part in one["sql"])
    return sql


OTHERS = (
    *("application_open", "application_standing"),
    *("application_account_open", "application_of_account"),
)


def test_the_cases_with_a_finding_are_found_by_an_index(many, desk):
    listing = asked('@> \'[{"rule"', lambda: desk.open("queue", finding="expected.missing_host"))
    assert "application_found" in plan(listing, "bitmapscan")


def test_other_queries_for_open_cases_do_not_read_the_index_of_findings(many):
    """Of a million orders that took 10 ms for each number in the queue."""
    listing = asked("status", lambda: list(Application.objects.filter(ready_made.OPEN)))
    assert "application_found" not in plan(listing, "bitmapscan", without=OTHERS)


def test_free_cases_are_counted_by_an_index_alone(many, riitta):
    free = ready_made.BY_ID["free"].holds(ready_made.Reader(riitta, clock.now()))
    counting = asked("COUNT", lambda: Application.objects.filter(free)[:1001].count())
    found = plan(counting, "indexscan", "indexonlyscan", without=OTHERS[1:])
    assert "Index Only Scan using application_open" in found


def test_rights_that_have_ended_are_found_by_indexes(many, riitta):
    reader = ready_made.Reader(riitta, clock.now() + timedelta(days=1))
    reading = asked("accounts_membership", lambda: reader.without_right)
    assert "rights_with_a_last_day" in plan(reading, "bitmapscan")


def test_what_came_of_a_senders_orders_is_read_from_indexes_alone(many, waiting):
    """Of a million orders, it was read from some 2,000 pages of two tables."""
    reading = asked("is_returned", lambda: known.sender(waiting))
    found = plan(reading, "indexscan", "indexonlyscan", without=OTHERS)
    assert "Index Only Scan using application_of_submission" in found
    sent = Submission.objects.filter(person=waiting.created_by).order_by().values("pk")
    listing = asked("person_id", lambda: list(sent))
    found = plan(listing, "indexscan", "indexonlyscan")
    assert "Index Only Scan using submissions_of_person" in found
