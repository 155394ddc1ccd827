"""The promise through the real services, over Christmas and Midsummer, with a pause."""

from datetime import date

import pytest
from django.utils import translation

from accounts.access import actor_for
from applications import services
from applications.services.system import lapse
from applications.views.shared import tracking
from applications.workflow import Role, Status
from certportal.dev.builders import mails, orders
from certportal.foundation import clock
from tests.applications.clocks.asking import answer, ask, queue, seen, sent
from tests.applications.clocks.conftest import noon


def assert_the_mail_says_the_same(application, day: str) -> None:
    """Check that the order's page and the mail that asks say alike when the time goes on."""
    mail = mails.about_order("information_wanted", application, "applicant", now=noon(day))
    with translation.override("fi"):
        words = tracking.promise_words(application, now=noon(day))
    assert "toimitusaika" in words
    assert words in " ".join(mail.text.split())


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
    assert_the_mail_says_the_same(application, asked)
    answer(matti, application, answered)
    assert (application.due_on, application.days_left) == (due, None)
    assert application.reviewer == riitta


def hear(riitta, application, day: str, deadline: date) -> None:
    """Ask the applicant for a hearing on the day, as the reviewer who has taken the case."""
    services.claim(application.pk, person=riitta, **seen(riitta, application, day))
    services.request_info(
        application.pk,
        reason="Verkkotunnus kuuluu toiselle.",
        material="Verkkotunnusrekisterin ote",
        is_hearing=True,
        sections=[],
        deadline=deadline,
        person=riitta,
        **seen(riitta, application, day),
    )
    application.refresh_from_db()


def test_a_hearing_says_alike_on_the_page_and_in_the_mail_when_the_time_goes_on(matti, riitta):
    application = sent(matti, "2026-12-21")
    hear(riitta, application, "2026-12-22", date(2028, 1, 1))
    assert_the_mail_says_the_same(application, "2026-12-22")


@pytest.mark.parametrize("is_noted", [True, False])
def test_an_answer_after_the_deadline_of_a_hearing_moves_no_day(matti, riitta, is_noted):
    """The time goes on since the deadline, whether or not the job of the day has run."""
    application = sent(matti, "2026-12-21")
    hear(riitta, application, "2026-12-22", date(2027, 1, 4))
    if is_noted:
        lapse.resume_promise(application.pk, now=noon("2027-01-05"))
    given = seen(matti, application, "2027-01-07")
    services.answer_hearing(application.pk, text="Nimi on meidän.", person=matti, **given)
    application.refresh_from_db()
    assert application.due_on == date(2027, 1, 11)


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


@pytest.mark.parametrize("day", ["2026-12-22", "2026-12-30", "2027-01-08"])
def test_a_question_taken_back_the_same_day_moves_no_day(matti, riitta, day):
    application = sent(matti, "2026-12-21")
    ask(riitta, application, day)
    services.cancel_request(application.pk, person=riitta, **seen(riitta, application, day))
    application.refresh_from_db()
    assert application.due_on == date(2026, 12, 30)


def test_an_answer_to_the_checks_begins_five_working_days(matti, riitta):
    """What the checks send back was not complete, however long they waited for the register."""
    application = orders.with_csr(matti)
    signed = orders.signature(matti, identified_at=noon("2026-12-21"))
    services.submit(application.pk, **signed, **seen(matti, application, "2026-12-21"))
    application.host_names.filter(position=0).update(name="ei_kelpaa")
    queue(application, "2027-01-08")
    assert application.status == Status.INFO_REQUESTED
    assert (application.due_on, application.days_left) == (None, None)
    with translation.override("en"):
        words = tracking.promise_words(application, now=noon("2027-01-08"))
    assert words == "The promised 5 working days begin the day after your answer."
    assert_the_mail_says_the_same(application, "2027-01-08")
    given = {"host_names": ["erecept.example.fi"]}
    services.save_section(
        application.pk, "host_names", given, **seen(matti, application, "2027-01-09")
    )
    answer(matti, application, "2027-01-09")
    assert application.due_on == date(2027, 1, 15)
    assert clock.day(application.completed_at) == date(2027, 1, 9)


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("2026-12-04", "We will handle the order by Friday 4 December 2026."),
        ("2026-12-05", "and are late. We are sorry"),  # a Saturday: not a working day yet
        ("2026-12-07", "and are 1 working day late"),
        ("2026-12-08", "and are 2 working days late"),
    ],
)
def test_a_lateness_counts_working_days_only(matti, on, words):
    application = sent(matti, "2026-11-27")
    with translation.override("en"):
        assert words in tracking.promise_words(application, now=noon(on))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", "Käsittelemme tilauksen viimeistään pe 4.12.2026."),
        ("sv", "Vi behandlar beställningen senast fre 4.12.2026."),
        ("en", "We will handle the order by Friday 4 December 2026."),
    ],
)
def test_the_same_is_promised_in_every_language(matti, language, words):
    application = sent(matti, "2026-11-27")
    with translation.override(language):
        assert tracking.promise_words(application, now=noon("2026-12-04")) == words
