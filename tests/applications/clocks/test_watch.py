"""What the clock tells the reviewers: the day's work each working morning, and alarms."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import StaffRole
from accounts.services.rights import staff_roles
from applications import services
from applications.models import Application, RevocationReport
from applications.rules import reviewers_day
from applications.workflow import promise
from certportal.dev.builders import orders, people
from certportal.foundation import clock, working_days
from certportal.foundation.actors import system


@pytest.fixture
def case(matti, riitta):
    return orders.in_review(matti)


def morning_of(day: date, hour: int = 7, minute: int = 45) -> datetime:
    """Return the moment of Finnish winter time."""
    return datetime(day.year, day.month, day.day, hour - 2, minute, tzinfo=UTC)


MONDAY = date(2026, 12, 14)


def due(application, on: date) -> None:
    Application.objects.filter(pk=application.pk).update(due_on=on)


def greeted(post, at: datetime) -> list:
    services.greet_reviewers(now=at)
    return post(at)


def test_each_reviewer_hears_of_late_due_and_free_cases(matti, riitta, raimo, post):
    late, today, free = (orders.in_review(matti) for _ in range(3))
    due(late, date(2026, 12, 11))
    due(today, MONDAY)
    due(free, date(2026, 12, 17))
    mails = greeted(post, morning_of(MONDAY))
    assert {message.to[0] for message in mails} == {"riitta@example.fi", "raimo@example.fi"}
    body = mails[0].body
    assert body.index(late.number) < body.index(today.number) < body.index(free.number)
    assert body.count(free.number) == 1


def test_a_claimed_case_that_is_not_due_is_not_told(case, riitta, post, cas):
    due(case, date(2026, 12, 17))
    services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    assert greeted(post, morning_of(MONDAY)) == []


def test_who_has_a_late_case_is_told(case, riitta, raimo, post, cas):
    due(case, date(2026, 12, 11))
    services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    mails = greeted(post, morning_of(MONDAY))
    assert all("Riitta Ratkaisija" in message.body for message in mails)


def test_once_a_morning_however_often_beat_calls(case, post):
    due(case, MONDAY)
    assert len(greeted(post, morning_of(MONDAY))) == 1
    assert greeted(post, morning_of(MONDAY, 8)) == []
    assert len(greeted(post, morning_of(MONDAY + timedelta(days=1)))) == 1


def test_a_beat_that_starts_late_in_the_day_still_tells(case, post):
    due(case, MONDAY)
    assert len(greeted(post, morning_of(MONDAY, 14))) == 1


def test_a_case_that_comes_after_a_quiet_morning_waits_for_the_next(matti, riitta, post):
    assert greeted(post, morning_of(MONDAY)) == []
    due(orders.in_review(matti), MONDAY + timedelta(days=1))
    assert greeted(post, morning_of(MONDAY, 11)) == []
    assert len(greeted(post, morning_of(MONDAY + timedelta(days=1)))) == 1


@pytest.mark.parametrize(
    "at",
    [
        morning_of(MONDAY, 7, 29),
        morning_of(date(2026, 12, 12)),  # Saturday
        morning_of(date(2026, 12, 24)),  # Christmas Eve, a Thursday
        morning_of(date(2027, 1, 6)),  # Epiphany
    ],
)
def test_only_on_working_days_from_half_past_seven(case, post, at):
    due(case, date(2026, 12, 1))
    assert greeted(post, at) == []


def test_one_whose_role_ended_hears_nothing(case, riitta, raimo, post, now):
    due(case, MONDAY)
    StaffRole.objects.filter(person=raimo).update(ended_at=now)
    assert [message.to[0] for message in greeted(post, morning_of(MONDAY))] == ["riitta@example.fi"]


def test_the_mail_is_in_the_reviewers_language(case, post, now):
    people.make_reviewer("Siv Granskare", language="sv", now=now)
    due(case, MONDAY)
    languages = {
        message.to[0]: message.extra_headers["Content-Language"]
        for message in greeted(post, morning_of(MONDAY))
    }
    assert languages == {"riitta@example.fi": "fi", "siv@example.fi": "sv"}


NEXT_DAY = MONDAY + timedelta(days=1)


def test_a_lead_hears_of_every_promise_for_the_next_working_day_in_the_one_mail(
    matti, riitta, raimo, post, cas, now
):
    staff_roles.grant_lead(raimo, by=None, actor=system("test"), now=now)
    order = orders.claimed(matti, riitta)
    post(now)
    due(order, MONDAY)
    friday = morning_of(date(2026, 12, 11))
    told = {message.to[0]: message.body for message in greeted(post, friday)}
    assert set(told) == {"riitta@example.fi", "raimo@example.fi"}
    assert all(order.number in body for body in told.values())
    assert "Riitta Ratkaisija" in told["raimo@example.fi"]


def test_reviewers_hear_of_their_own_promises_only_the_day_before(
    matti, riitta, raimo, post, cas, now
):
    order = orders.claimed(matti, riitta)
    post(now)
    due(order, NEXT_DAY)
    assert [message.to[0] for message in greeted(post, morning_of(MONDAY))] == ["riitta@example.fi"]


def test_who_asked_hears_of_an_answer_that_did_not_come(matti, riitta, raimo, post, cas, now):
    order = orders.claimed(matti, riitta)
    orders.ask(riitta, order, date(2026, 12, 11))
    post(clock.now())
    (message,) = greeted(post, morning_of(MONDAY))
    assert (message.to[0], order.number in message.body) == ("riitta@example.fi", True)


def test_leads_hear_of_unanswered_questions_that_no_reviewer_holds(
    matti, riitta, raimo, post, cas, now
):
    staff_roles.grant_lead(raimo, by=None, actor=system("test"), now=now)
    order = orders.claimed(matti, riitta)
    orders.hear(riitta, order, date(2026, 12, 11))
    staff_roles.end_reviewer(riitta, actor=system("test"), now=now)
    post(clock.now())
    (message,) = greeted(post, morning_of(MONDAY))
    assert (message.to[0], order.number in message.body) == ("raimo@example.fi", True)


def test_a_hearing_that_nobody_answers_is_late_in_the_end(matti, riitta, raimo, post, cas):
    order = orders.claimed(matti, riitta)
    orders.hear(riitta, order, date(2026, 12, 11))
    left = Application.objects.get(pk=order.pk).days_left
    services.watch_incomplete(now=morning_of(date(2026, 12, 11), 6))
    order.refresh_from_db()
    assert order.due_on is None
    for hour in (6, 7):
        services.watch_incomplete(now=morning_of(date(2026, 12, 12), hour))
    order.refresh_from_db()
    assert (order.status, order.days_left) == ("info_requested", None)
    assert order.due_on == working_days.after(date(2026, 12, 11), left)
    post(clock.now())
    after = working_days.after(order.due_on, 1)
    told = {message.to[0]: message.body for message in greeted(post, morning_of(after))}
    assert order.number in told["raimo@example.fi"]


def test_more_time_to_be_heard_stops_the_promise_again(matti, riitta, cas):
    order = orders.claimed(matti, riitta)
    orders.hear(riitta, order, date(2026, 12, 11))
    left = Application.objects.get(pk=order.pk).days_left
    services.watch_incomplete(now=morning_of(date(2026, 12, 12), 6))
    order.refresh_from_db()
    given = orders.Handler(riitta, order).seen | {"now": morning_of(date(2026, 12, 12))}
    services.extend_deadline(order.pk, deadline=date(2026, 12, 18), person=riitta, **given)
    order.refresh_from_db()
    assert (order.due_on, order.days_left) == (None, left)


def test_a_late_answer_moves_no_day_that_goes_on_already(matti, riitta, cas):
    order = orders.claimed(matti, riitta)
    orders.hear(riitta, order, date(2026, 12, 11))
    services.watch_incomplete(now=morning_of(date(2026, 12, 12), 6))
    order.refresh_from_db()
    due_on = order.due_on
    orders.resubmit(matti, order)
    order.refresh_from_db()
    assert order.due_on == due_on


def test_the_cases_are_read_once_however_many_reviewers_are_greeted(
    matti, riitta, raimo, cas, now, django_assert_max_num_queries
):
    for _ in range(3):
        due(orders.claimed(matti, riitta), MONDAY)
    day, readers = clock.day(morning_of(MONDAY)), list(reviewers_day.reviewers())
    assert len(readers) == 2
    with django_assert_max_num_queries(4):
        works = dict(reviewers_day.works(day, readers))
    assert {len(work.due) for work in works.values()} == {3}
    services.greet_reviewers(now=morning_of(MONDAY))
    with django_assert_max_num_queries(2):
        services.greet_reviewers(now=morning_of(MONDAY, 8))


def test_the_mail_of_a_morning_that_is_over_does_not_go(case, riitta, post):
    due(case, date(2026, 12, 18))
    services.greet_reviewers(now=morning_of(date(2026, 12, 18)))
    assert post(morning_of(date(2026, 12, 19))) == []


@pytest.fixture
def reported(matti, riitta, raimo, cas):
    """Return the report of a revocation by phone, which Raimo must confirm."""
    order, came = orders.delivered(matti, riitta), clock.now()
    told = RevocationReport(
        channel=RevocationReport.Channel.PHONE,
        role=RevocationReport.Role.ORGANISATION,
        caller="Matti",
        verified="Soitin vaihteeseen.",
        received_at=came,
    )
    seen = orders.Handler(riitta, order).seen
    given = {"person": riitta, "actor": seen["actor"], "now": came}
    return services.revoke_as_told(
        order.pk, told=told, reason="superseded", words="Vaihdettu.", **given
    )


def hours_after(report, hours):
    return report.received_at + timedelta(hours=hours)


def test_a_reported_revocation_is_told_of_before_its_time_is_over_and_once_when_it_is(
    reported, post
):
    post(reported.received_at)
    assert alarmed(post, hours_after(reported, 17)) == []
    soon = alarmed(post, hours_after(reported, 18))
    assert {message.to[0] for message in soon} == {"riitta@example.fi", "raimo@example.fi"}
    assert all(reported.application.number in message.subject for message in soon)
    assert alarmed(post, hours_after(reported, 20)) == []
    over = alarmed(post, hours_after(reported, 24))
    assert len(over) == 2 and over[0].subject != soon[0].subject
    assert alarmed(post, hours_after(reported, 30)) == []


def test_a_reported_revocation_that_was_decided_is_told_of_no_more(reported, raimo, post):
    seen = orders.Handler(raimo, reported.application).seen
    given = {"person": raimo, "actor": seen["actor"], "now": seen["now"]}
    services.decline_proposal(reported.proposal_id, words="Ei enää tarpeen.", **given)
    post(clock.now())
    assert alarmed(post, hours_after(reported, 23)) == []


@pytest.fixture
def stuck(matti, riitta):
    """Return an order that has waited for the register since noon."""
    application = orders.submitted(matti)
    services.wait(application.pk, "register", now=NOON)
    return application


NOON = datetime(2026, 12, 14, 10, 0, tzinfo=UTC)


def alarmed(post, at: datetime) -> list:
    services.raise_alarms(now=at)
    return [message for message in post(at) if "/console/" in message.body]


@pytest.fixture
def _register_away(monkeypatch):
    """Keep the workers from asking the register: it does not answer."""
    from applications import checks
    from certportal.foundation.errors import Unavailable

    def fail(*_args, **_more):
        raise Unavailable("register")

    monkeypatch.setattr(checks, "run", fail)


@pytest.mark.usefixtures("_register_away")
def test_four_hours_of_waiting_for_a_source_raise_an_alarm_once_a_day(stuck, post):
    assert alarmed(post, NOON + timedelta(hours=4)) == []
    (message,) = alarmed(post, NOON + timedelta(hours=4, minutes=1))
    assert message.to == ["riitta@example.fi"]
    assert stuck.number in message.body
    assert alarmed(post, NOON + timedelta(hours=5)) == []
    assert len(alarmed(post, NOON + timedelta(hours=24))) == 1


@pytest.mark.usefixtures("_register_away")
def test_one_alarm_tells_of_all_that_wait(stuck, matti, post):
    other = orders.submitted(matti)
    services.wait(other.pk, "register", now=NOON + timedelta(minutes=1))
    (message,) = alarmed(post, NOON + timedelta(hours=5))
    assert stuck.number in message.body
    assert other.number in message.body


def test_no_alarm_when_the_source_came_back(stuck, post):
    orders.drain()
    stuck.refresh_from_db()
    assert stuck.waiting_for == ""
    assert alarmed(post, NOON + timedelta(hours=5)) == []


@pytest.mark.usefixtures("_register_away")
def test_an_outage_never_moves_the_promise(stuck, post):
    before = stuck.due_on
    alarmed(post, NOON + timedelta(hours=30))
    stuck.refresh_from_db()
    assert stuck.due_on == before == promise.due_on(stuck.submitted_at)
