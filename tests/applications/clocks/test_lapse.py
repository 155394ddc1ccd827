"""Six months incomplete and the order lapses, warned; a complete one never does."""

from datetime import date, timedelta

import pytest
from django.test import Client

from accounts.services.organisations import membership
from applications import services
from applications.models import Application, Check, SentNotice
from applications.rules import lapse
from applications.workflow import Status
from certportal.dev.builders import mails, orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event, OutboxItem
from tests.applications.clocks.asking import ask_for_unit
from tests.applications.clocks.conftest import noon, waiting_for_csr
from tests.applications.contact.conftest import send as send

SENT = "2027-01-15"
DAYS = ["2027-04-15", "2027-06-15", "2027-06-30"]


@pytest.fixture
def waiting(matti):
    return waiting_for_csr(matti, SENT)


def daily(first: str, last: str) -> None:
    """Run beat's job every day from the first to the last."""
    day, end = noon(first), noon(last)
    while day <= end:
        services.watch_incomplete(now=day)
        day += timedelta(days=1)


def status(application) -> str:
    application.refresh_from_db()
    return application.status


def test_the_day_can_be_shown_from_the_first_day_on(waiting):
    assert lapse.lapses_on(waiting) == date(2027, 7, 16)


def test_it_is_warned_of_three_times_and_lapses_after_the_six_months(waiting):
    daily(SENT, "2027-07-15")
    warned = SentNotice.objects.filter(about=waiting.pk).order_by("sent_at")
    assert [clock.day(row.sent_at).isoformat() for row in warned] == DAYS
    assert status(waiting) == Status.AWAITING_CSR
    services.watch_incomplete(now=noon("2027-07-16"))
    assert status(waiting) == Status.LAPSED


def test_the_last_day_belongs_to_the_applicant_to_the_last_second(waiting):
    services.watch_incomplete(now=clock.end_of_day(date(2027, 7, 15)))
    assert status(waiting) == Status.AWAITING_CSR
    services.watch_incomplete(now=clock.start_of_day(date(2027, 7, 16)))
    assert status(waiting) == Status.LAPSED


def test_the_warning_says_what_is_missing_and_when_it_lapses(waiting, post):
    services.watch_incomplete(now=noon(DAYS[0]))
    (message,) = post(noon(DAYS[0]))
    assert message.to == ["matti@example.fi"]
    assert message.subject.startswith("Tilaus raukeaa 92 päivän päästä, ellei sitä täydennetä: ")
    assert waiting.number in message.subject
    assert "15.7.2027" in message.body
    assert "16.7.2027" not in message.body  # one date for one deadline
    assert "CSR" in message.body


def test_a_warning_that_the_mail_server_took_too_late_counts_no_days(waiting, post):
    services.watch_incomplete(now=noon("2027-06-30"))
    (message,) = post(noon("2027-07-16"))
    assert message.subject.startswith("Tilaus raukeaa, ellei sitä täydennetä: ")


def test_the_lapse_is_mailed_and_on_record(waiting, post):
    services.watch_incomplete(now=noon("2027-07-16"))
    (message,) = post(noon("2027-07-16"))
    assert waiting.number in message.subject
    event = Event.objects.get(action="application.lapse", object_id=str(waiting.pk))
    assert event.actor == "system:clock"


def test_running_twice_sends_nothing_twice(waiting):
    before = OutboxItem.objects.count()
    for _ in range(3):
        services.watch_incomplete(now=noon(DAYS[1]))
    assert OutboxItem.objects.count() == before + 1


def test_after_a_weeks_stop_the_latest_warning_goes_out_and_only_that(waiting):
    services.watch_incomplete(now=noon("2027-07-07"))
    assert [row.key for row in SentNotice.objects.filter(about=waiting.pk)] == ["5.5"]


@pytest.mark.parametrize("type", ["server", "system_signature"])
def test_a_complete_application_never_lapses(matti, type, now):
    application = orders.in_review(matti, type)
    Application.objects.filter(pk=application.pk).update(submitted_at=now - timedelta(days=400))
    services.watch_incomplete(now=now)
    assert status(application) == Status.IN_REVIEW
    assert lapse.lapses_on(application) is None
    assert not SentNotice.objects.exists()


def test_a_question_asked_a_day_before_has_its_whole_deadline(matti, riitta, cas):
    application = orders.claimed(matti, riitta)
    Application.objects.filter(pk=application.pk).update(submitted_at=noon(SENT))
    ask_for_unit(riitta, application, date(2027, 7, 28), noon("2027-07-14"))
    daily("2027-07-14", "2027-07-28")
    assert status(application) == Status.INFO_REQUESTED
    assert lapse.lapses_on(application) == date(2027, 7, 29)
    services.watch_incomplete(now=noon("2027-07-29"))
    assert status(application) == Status.LAPSED


def test_the_question_and_its_parts_stand_in_the_warning(matti, riitta, cas, post):
    application = orders.claimed(matti, riitta)
    Application.objects.filter(pk=application.pk).update(submitted_at=noon(SENT))
    ask_for_unit(riitta, application, date(2027, 4, 20), noon("2027-04-10"))
    post(noon("2027-04-10"))
    services.watch_incomplete(now=noon(DAYS[0]))
    (message,) = post(noon(DAYS[0]))
    assert "Kumpi yksikkö?" in message.body
    assert "15.7.2027" in message.body


def test_a_request_sent_back_late_leaves_time_for_a_new_one(waiting):
    Check.objects.create(
        application=waiting,
        submission=waiting.submission,
        rule_set_version="1",
        at=noon("2027-07-10"),
    )
    daily("2027-07-10", "2027-08-09")
    assert status(waiting) == Status.AWAITING_CSR
    services.watch_incomplete(now=noon("2027-08-10"))
    assert status(waiting) == Status.LAPSED


@pytest.mark.parametrize(
    ("sent", "last"),
    [
        (date(2026, 8, 31), date(2027, 3, 1)),  # 28 February is a Sunday
        (date(2026, 11, 25), date(2027, 5, 25)),
        (date(2027, 8, 30), date(2028, 2, 29)),
    ],
)
def test_months_are_calendar_months(sent, last):
    assert lapse.last_day(sent) == last


@pytest.mark.parametrize(
    ("sent", "deadline", "last"),
    [
        (date(2026, 6, 24), None, date(2026, 12, 28)),  # Christmas Eve is a Thursday
        (date(2026, 6, 6), None, date(2026, 12, 7)),  # Independence Day is a Sunday
        (date(2026, 6, 6), date(2027, 1, 1), date(2027, 1, 4)),
        (date(2026, 6, 6), date(2027, 1, 4), date(2027, 1, 4)),
    ],
)
def test_a_last_day_that_is_no_working_day_is_the_next_one(sent, deadline, last):
    assert lapse.last_day(sent, deadline) == last


def test_a_month_end_is_not_missed_by_the_daily_look(matti):
    application = waiting_for_csr(matti, "2026-11-30")
    services.watch_incomplete(now=noon("2027-02-28"))
    assert SentNotice.objects.filter(about=application.pk, key="3").exists()


def test_one_reopened_after_its_lapse_has_a_month_to_bring_the_request(waiting, riitta):
    services.watch_incomplete(now=noon("2027-07-16"))
    seen = orders.Handler(riitta, waiting).seen | {"now": noon("2027-08-01")}
    services.reopen(waiting.pk, reasons="Virhe", person=riitta, **seen)
    services.watch_incomplete(now=noon("2027-08-31"))
    assert status(waiting) == Status.AWAITING_CSR
    services.watch_incomplete(now=noon("2027-09-01"))
    assert status(waiting) == Status.LAPSED


def test_the_order_page_and_the_receipt_tell_the_day(waiting, matti):
    page = people.log_in(Client(), matti).get(f"/en/orders/{waiting.pk}/").content.decode()
    assert "15 July 2027" in page
    receipt = mails.about_order("receipt", waiting, "applicant", now=noon(SENT))
    assert "15.7.2027" in receipt.text


def test_the_receipt_of_an_order_about_which_more_is_asked_says_so(matti, riitta, cas):
    application = orders.claimed(matti, riitta)
    orders.ask(riitta, application, clock.day(clock.now()) + timedelta(days=14))
    receipt = mails.about_order("receipt", application, "applicant")
    assert "Tarvitsemme sinulta ensin lisätietoja" in receipt.text


def test_a_complete_orders_page_speaks_of_no_lapse(matti):
    application = orders.in_review(matti)
    page = people.log_in(Client(), matti).get(f"/en/orders/{application.pk}/").content.decode()
    assert "lapses" not in page


@pytest.fixture
def for_tiina(maija, send):
    """Maija's order waits for the request of Tiina, who reads Swedish, with a deputy."""
    deputy = {"deputy_name": "Ville", "deputy_email": "ville@example.com"}
    application = send(maija, **deputy)
    orders.drain()
    Application.objects.filter(pk=application.pk).update(submitted_at=noon(SENT))
    application.refresh_from_db()
    return application


def readers(messages) -> set[str]:
    return {address for message in messages for address in message.to}


def test_everybody_who_can_mend_it_is_warned_each_address_once(for_tiina, post):
    services.watch_incomplete(now=noon(DAYS[0]))
    messages = post(noon(DAYS[0]))
    everybody = {"matti@example.fi", "maija@example.fi", "tiina@example.com", "ville@example.com"}
    assert readers(messages) == everybody
    assert len(messages) == 4
    (tiina,) = (one for one in messages if one.to == ["tiina@example.com"])
    link = for_tiina.contact_links.get(holder="technical_contact")
    assert link.token in tiina.body
    assert "certifikatbegäran" in tiina.body.casefold()
    assert f"/orders/{for_tiina.pk}" not in tiina.body
    assert link.token not in "".join(one.body for one in messages if one != tiina)


def test_a_contact_who_has_nothing_to_do_with_it_is_left_alone(for_tiina, post):
    link = for_tiina.contact_links.get(holder="technical_contact")
    services.not_mine(link.pk, actor=system("test"), now=clock.now())
    post(noon("2027-01-16"))
    services.watch_incomplete(now=noon(DAYS[0]))
    assert readers(post(noon(DAYS[0]))) >= {"matti@example.fi", "ville@example.com"}
    services.watch_incomplete(now=noon(DAYS[1]))
    assert "tiina@example.com" not in readers(post(noon(DAYS[1])))


def test_whoever_was_warned_is_told_of_the_lapse(for_tiina, post):
    services.watch_incomplete(now=noon("2027-07-16"))
    messages = post(noon("2027-07-16"))
    everybody = {"matti@example.fi", "maija@example.fi", "tiina@example.com", "ville@example.com"}
    assert readers(messages) == everybody
    assert len(messages) == 4


def test_a_question_to_the_applicant_is_no_business_of_the_contact(for_tiina, riitta, cas, post):
    orders.attach(for_tiina.created_by, for_tiina, orders.openssl_csr())
    orders.drain()
    seen = orders.Handler(riitta, for_tiina).seen
    services.claim(for_tiina.pk, person=riitta, **seen)
    orders.drain()
    ask_for_unit(riitta, for_tiina, date(2027, 4, 20), noon("2027-04-10"))
    post(noon("2027-04-10"))
    services.watch_incomplete(now=noon(DAYS[0]))
    assert readers(post(noon(DAYS[0]))) == {"matti@example.fi", "maija@example.fi"}


def test_a_colleague_who_has_left_is_not_told(for_tiina, maija, matti, post):
    act(matti, membership.remove, maija.memberships.get().pk)
    orders.drain()
    services.watch_incomplete(now=noon(DAYS[0]))
    assert "maija@example.fi" not in readers(post(noon(DAYS[0])))
