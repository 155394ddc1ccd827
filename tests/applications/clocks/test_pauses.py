"""The promise through the real services, over Christmas and Midsummer, with a pause."""

from datetime import date

import pytest

from accounts.access import actor_for
from applications import checks, services
from applications.workflow import Role
from certportal.foundation import clock
from tests.applications import orders
from tests.applications.clocks.conftest import noon


def sent(person, day: str):
    """Return an order sent and queued that day."""
    application = orders.with_csr(person)
    services.submit(
        application.pk,
        **orders.signature(person, identified_at=noon(day)),
        **seen(person, application, day),
    )
    queue(application, day)
    return application


def queue(application, day: str) -> None:
    """Let the checks, done with today's register, find nothing."""
    application.refresh_from_db()
    outcome = checks.run(application, now=clock.now())
    services.conclude(application.pk, outcome, now=noon(day))
    application.refresh_from_db()


def seen(person, application, day: str) -> dict:
    return orders.Handler(person, application).seen | {"now": noon(day)}


def ask(reviewer, application, day: str) -> None:
    services.claim(application.pk, person=reviewer, **seen(reviewer, application, day))
    services.request_info(
        application.pk,
        reason="Kumpi yksikkö?",
        sections=["unit"],
        deadline=date(2028, 1, 1),
        person=reviewer,
        **seen(reviewer, application, day),
    )
    application.refresh_from_db()


def answer(person, application, day: str) -> None:
    services.resubmit(
        application.pk,
        **orders.signature(person, identified_at=noon(day)),
        **seen(person, application, day),
    )
    queue(application, day)


@pytest.mark.parametrize(
    ("day", "due"), [("2026-12-21", date(2026, 12, 30)), ("2027-06-21", date(2027, 6, 29))]
)
def test_five_working_days_over_the_holidays(matti, day, due):
    assert sent(matti, day).due_on == due


@pytest.mark.parametrize(
    ("day", "asked", "left", "answered", "due"),
    [
        # Christmas: asked on the second day, 22 December; answered on Monday 4 January.
        ("2026-12-21", "2026-12-22", 4, "2027-01-04", date(2027, 1, 11)),
        # Midsummer: asked on the third day; answered on Midsummer Eve itself, a Friday.
        ("2027-06-21", "2027-06-23", 3, "2027-06-25", date(2027, 6, 30)),
    ],
)
def test_the_days_left_stand_still_and_count_on_after_the_answer(
    matti, riitta, day, asked, left, answered, due
):
    application = sent(matti, day)
    ask(riitta, application, asked)
    assert (application.due_on, application.days_left) == (None, left)
    answer(matti, application, answered)
    assert (application.due_on, application.days_left) == (due, None)
    assert application.reviewer == riitta


def test_a_case_that_was_late_is_due_the_day_after_its_answer(matti, riitta):
    application = sent(matti, "2026-12-21")
    ask(riitta, application, "2027-01-08")
    assert application.days_left < 0
    answer(matti, application, "2027-01-11")
    assert application.due_on == date(2027, 1, 12)


def test_another_request_in_place_of_one_moves_no_day(matti):
    application = sent(matti, "2026-12-21")
    stored = services.upload_csr(
        application.pk, orders.openssl_csr(), actor=actor_for(matti), now=noon("2026-12-23")
    )
    given = seen(matti, application, "2026-12-23")
    services.attach_csr(application.pk, stored.pk, role=Role.APPLICANT, **given)
    application.refresh_from_db()
    assert application.due_on == date(2026, 12, 30)
    assert clock.day(application.completed_at) == date(2026, 12, 21)
