"""Taking the next case, setting aside, handing over and taking over."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from accounts.register.models import RegisterRecord
from accounts.services.rights import staff_roles
from applications import services
from applications.models import Application, SecondLook
from applications.services.reviewer.may_act import Case
from applications.services.system import certificates
from applications.workflow import ApplicationEvent
from certportal.dev.builders import orders, people
from certportal.foundation import clock, events, working_days
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance.models import PreparedCertificate
from issuance.services.errors import NotReviewer
from tests.applications.console.conftest import Desk
from tests.applications.console.listed import due_in, numbers
from tests.tables import rewrite


def day(distance):
    """Return the day so far from today, and of those to come a working day, where terms end."""
    on = clock.day(clock.now()) + timedelta(days=distance)
    return working_days.working_day(on) if distance > 0 else on


def take(desk):
    """Press for the next case; return where it leads."""
    return desk.client.post(desk.url("take_next")).url


def test_the_free_case_with_the_oldest_promise_is_mine_from_now_on(matti, cas, desk, riitta):
    later, sooner = orders.in_review(matti), orders.in_review(matti)
    due_in(later, 20)
    due_in(sooner, 10)
    assert take(desk) == desk.url("case", sooner.pk)
    sooner.refresh_from_db()
    assert sooner.reviewer == riitta
    assert take(desk) == desk.url("case", later.pk)
    assert take(desk) == desk.url("queue")


def test_a_case_offers_the_next_one_only_while_one_waits(matti, cas, desk, riitta):
    mine = orders.claimed(matti, riitta)
    button = f'action="{desk.url("take_next")}"'
    assert button not in desk.open("case", mine.pk).text
    waiting = orders.in_review(matti)
    assert button in desk.open("case", mine.pk).text
    assert take(desk) == desk.url("case", waiting.pk)
    assert button not in desk.open("case", mine.pk).text


def test_without_a_next_case_the_queue_says_so(desk):
    answer = desk.client.post(desk.url("take_next"), follow=True)
    assert "No case is waiting for you." in answer.text


def test_a_case_that_wants_a_second_person_comes_first_but_not_to_the_first(
    matti, cas, riitta, desk, other_desk, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    approved, free = orders.claimed(matti, riitta), orders.in_review(matti)
    due_in(free, 1)
    orders.approve(riitta, approved)
    assert take(other_desk) == other_desk.url("approve", approved.pk)
    approved.refresh_from_db()
    assert approved.reviewer == riitta
    assert take(desk) == desk.url("case", free.pk)


@pytest.fixture
def half(matti, cas, riitta, settings):
    """A case that Riitta holds and has approved; another one must too."""
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    return orders.approve(riitta, orders.claimed(matti, riitta))


@pytest.fixture
def third_desk(now):
    """Risto's desk: yet another reviewer."""
    return Desk(people.make_reviewer("Risto Kolmas"))


def test_a_case_wants_one_second_person_at_a_time(half, other_desk, third_desk):
    place = other_desk.url("approve", half.pk)
    assert take(other_desk) == place
    assert take(third_desk) == third_desk.url("queue")
    assert f"{other_desk.person} was given this case" in third_desk.open("approve", half.pk).text
    assert "was given this case" not in other_desk.open("approve", half.pk).text


def test_who_asks_on_passes_the_case_and_does_not_keep_it_longer(half, matti, other_desk):
    free = orders.in_review(matti)
    take(other_desk)
    until = SecondLook.objects.get().until
    assert take(other_desk) == other_desk.url("case", free.pk)
    assert take(other_desk) == other_desk.url("queue")
    assert SecondLook.objects.get().until == until
    SecondLook.objects.update(until=clock.now())
    assert take(other_desk) == other_desk.url("approve", half.pk)


def test_a_case_that_got_its_second_person_meanwhile_is_given_to_nobody(
    half, raimo, third_desk, monkeypatch
):
    """The list was read before Raimo approved, the lock is taken after."""
    obstacles = Case.obstacles

    def slow(self, action):
        found = list(obstacles(self, action))
        monkeypatch.setattr(Case, "obstacles", obstacles)
        orders.press_approve(raimo, Application.objects.get(pk=half.pk))
        return found

    monkeypatch.setattr(Case, "obstacles", slow)
    assert take(third_desk) == third_desk.url("queue")
    assert not SecondLook.objects.exists()


def test_an_applicant_takes_no_case(waiting, matti):
    with pytest.raises(NotReviewer):
        services.take_next(person=matti, actor=orders.actor_for(matti), now=clock.now())
    waiting.refresh_from_db()
    assert waiting.reviewer is None


def test_a_second_person_who_does_not_come_back_keeps_nobody(half, other_desk, third_desk):
    take(other_desk)
    SecondLook.objects.update(until=clock.now())
    assert take(third_desk) == third_desk.url("approve", half.pk)
    assert SecondLook.objects.get().person == third_desk.person


def test_a_case_that_nobody_can_approve_second_bars_nobody_from_the_next(half, matti, other_desk):
    free = orders.in_review(matti)
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), status="passive")
    assert take(other_desk) == other_desk.url("case", free.pk)
    assert take(other_desk) == other_desk.url("queue")


def test_the_case_of_a_first_person_who_left_is_free_not_awaiting_a_second(
    half, riitta, other_desk, raimo
):
    staff_roles.end_reviewer(riitta, actor=system("test"), now=clock.now())
    assert numbers(other_desk.open("queue", view="second")) == []
    assert take(other_desk) == other_desk.url("case", half.pk)
    half.refresh_from_db()
    assert half.reviewer == raimo


def test_an_approval_past_its_end_brings_the_case_back_to_the_first_person(half, desk):
    assert take(desk) == desk.url("queue")
    rewrite(PreparedCertificate.objects, expires_at=clock.now())
    assert take(desk) == desk.url("case", half.pk)
    orders.drain()
    assert orders.prepared(half).attempt == 2
    assert take(desk) == desk.url("queue")


def test_a_case_set_aside_is_not_next_until_its_day(case, desk):
    desk.press("set_aside", case, until=day(3).isoformat(), reason="Odotan THL:n vastausta.")
    assert (case.aside_until, case.notes.get().text) == (day(3), "Odotan THL:n vastausta.")
    assert take(desk) == desk.url("queue")
    assert "set aside" in desk.open("queue").context["rows"][0].wants[0]
    Application.objects.filter(pk=case.pk).update(aside_until=day(0))
    assert take(desk) == desk.url("case", case.pk)
    case.refresh_from_db()
    assert case.aside_until is None
    assert orders.prepared(case).is_open


def test_an_answered_case_comes_back_to_its_reviewer(case, matti, riitta, desk):
    orders.ask(riitta, case, day(10))
    orders.resubmit(matti, case)
    orders.drain()
    assert take(desk) == desk.url("case", case.pk)
    assert take(desk) == desk.url("queue")


def test_an_answered_case_that_its_reviewer_has_approved_since_does_not_come_back(
    case, matti, riitta, raimo, desk, other_desk, settings
):
    """She opened it from the list of the answered ones, and took no next case for it."""
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    orders.ask(riitta, case, day(10))
    orders.resubmit(matti, case)
    orders.drain()
    orders.approve(riitta, Application.objects.get(pk=case.pk))
    assert take(desk) == desk.url("queue")
    assert take(other_desk) == other_desk.url("approve", case.pk)


def test_a_case_whose_holder_left_is_not_taken_by_who_has_approved_it(
    ready, riitta, raimo, other_desk, third_desk, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    orders.press_approve(raimo, ready)
    staff_roles.end_reviewer(riitta, actor=system("test"), now=clock.now())
    assert take(other_desk) == other_desk.url("queue")
    assert take(third_desk) == third_desk.url("case", ready.pk)


def test_what_the_applicant_adds_brings_a_case_set_aside_back(case, matti, desk):
    desk.press("set_aside", case, until=day(3).isoformat(), reason="Odotan THL:n vastausta.")
    handler = orders.Handler(matti, case)
    services.add_information(case.pk, text="Lisätieto", person=matti, **handler.seen)
    assert "set aside" not in "".join(desk.open("queue").context["rows"][0].wants)
    assert take(desk) == desk.url("case", case.pk)
    assert take(desk) == desk.url("queue")


def test_an_approved_case_that_was_stopped_comes_back_to_its_reviewer(ready, riitta, desk):
    orders.press_approve(riitta, ready)
    certificates.take_back(ready.pk, "order.test", actor=system("test"), now=clock.now())
    assert take(desk) == desk.url("case", ready.pk)


def test_a_day_that_is_not_ahead_is_refused(case, desk):
    answer = desk.press("set_aside", case, until=day(0).isoformat(), reason="Syy.")
    assert "Choose a day after today." in answer.text
    assert "Syy." in answer.text


def test_a_case_is_handed_over_with_a_note_and_stays_prepared(case, desk, other_desk, raimo):
    attempt = orders.prepared(case)
    desk.press("hand_over", case, to=raimo.pk, note="Rekisteri on tarkistettu.")
    assert case.reviewer == raimo
    assert orders.prepared(case) == attempt
    assert numbers(other_desk.open("queue", view="mine")) == [case.number]
    assert take(other_desk) == other_desk.url("case", case.pk)
    assert take(other_desk) == other_desk.url("queue")
    assert "Rekisteri on tarkistettu." in other_desk.open("case", case.pk).text


def test_the_event_keeps_the_status_and_between_whom_the_case_passed(
    case, desk, other_desk, riitta, raimo
):
    stays = {"from": "in_review", "to": "in_review", "order": case.number}
    desk.press("hand_over", case, to=raimo.pk, note="Rekisteri on tarkistettu.")
    passed = Event.objects.get(action="application.hand_over").data
    assert passed == stays | {"given_to": str(raimo.pk), "taken_from": str(riitta.pk)}
    desk.press("take_over", case, reason="Raimo on sairaana.")
    passed = Event.objects.get(action="application.take_over").data
    assert passed == stays | {"given_to": str(riitta.pk), "taken_from": str(raimo.pk)}


def test_an_event_of_before_that_names_only_the_receiver_is_read(case, desk, riitta, raimo, now):
    old = {"from": "in_review", "to": str(raimo.pk)}
    events.record(ApplicationEvent.HAND_OVER, case, orders.actor_for(riitta), now, **old)
    assert "The reviewer handed the case over to another" in desk.open("case", case.pk).text


def test_an_applicant_gets_no_case_handed_over(case, desk, matti, riitta):
    answer = desk.press("hand_over", case, to=matti.pk, note="Hei.")
    assert answer.context["form"].errors["to"]
    assert case.reviewer == riitta


def test_an_absent_colleagues_case_is_taken_over_with_a_reason(case, desk, other_desk, raimo):
    assert other_desk.press("take_over", case, reason="").status_code == 200
    other_desk.press("take_over", case, reason="Riitta on sairaana.")
    assert case.reviewer == raimo
    assert "Riitta on sairaana." in desk.open("case", case.pk).text


def test_so_is_one_whose_applicant_is_being_heard(case, desk, other_desk, riitta, raimo, matti):
    """Nothing ends a hearing but its reviewer: it does not lapse."""
    orders.hear(riitta, case, day(14))
    page = other_desk.open("case", case.pk)
    assert page.context["offers"] & {"extend_deadline", "take_over"} == {"take_over"}
    assert "Another reviewer has this case." in page.text
    other_desk.press("take_over", case, reason="Riitta on sairaana.")
    assert (case.reviewer, case.status) == (raimo, "info_requested")
    other_desk.press("extend", case, deadline=day(30).isoformat())
    assert case.question.deadline == day(30)
    services.answer_hearing(
        case.pk, text="Se on meidän.", person=matti, **orders.Handler(matti, case).seen
    )
    assert take(other_desk) == other_desk.url("case", case.pk)


def test_a_case_whose_applicant_is_asked_is_handed_over_by_its_holder(
    case, desk, other_desk, third_desk, riitta, raimo
):
    orders.ask(riitta, case, day(10))
    assert "hand_over" not in other_desk.open("case", case.pk).context["offers"]
    desk.press("hand_over", case, to=raimo.pk, note="Lomani alkaa.")
    assert (case.reviewer, case.status) == (raimo, "info_requested")
    staff_roles.end_reviewer(raimo, actor=system("test"), now=clock.now())
    offers = third_desk.open("case", case.pk).context["offers"]
    assert "extend_deadline" in offers
    assert offers.isdisjoint({"hand_over", "take_over"})  # nobody has it


def test_each_note_says_what_it_was_written_for(ready, desk, other_desk, raimo, riitta):
    desk.press("note", ready, text="Soitin kirjaamoon.")
    desk.press("set_aside", ready, until=day(3).isoformat(), reason="Odotan THL:n vastausta.")
    desk.press("hand_over", ready, to=raimo.pk, note="Lomani alkaa.")
    desk.press("take_over", ready, reason="Raimo on sairaana.")
    kinds = ("Note", "Set aside", f"Handed over to {raimo}", f"Taken over from {raimo}")
    for name in ("case", "approve"):
        notes = desk.open(name, ready.pk).text.partition('id="notes"')[2]
        places = [notes.index(kind) for kind in kinds]
        assert places == sorted(places), name


def test_the_page_for_handing_over_begins_with_what_it_does(case, desk):
    page = desk.open("hand_over", case.pk).text
    assert "The case becomes the next one of the reviewer whom you choose" in page


def test_a_note_is_for_reviewers_alone(case, desk, matti, web_of):
    desk.press("note", case, text="Soitin kirjaamoon.")
    assert "Soitin kirjaamoon." in desk.open("case", case.pk).text
    assert case.notes.get().about == "case"
    page = web_of(matti).get(f"/en/orders/{case.pk}/")
    assert "Soitin kirjaamoon." not in page.text


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("set_aside", {"until": "31.12.2099", "reason": "Kirjoitettu."}),
        ("hand_over", {"note": "Kirjoitettu."}),
        ("take_over", {"reason": "Kirjoitettu."}),
        ("note", {"text": "Kirjoitettu."}),
    ],
)
def test_what_was_written_stays_when_somebody_was_faster(case, desk, other_desk, name, given):
    who = other_desk if name == "take_over" else desk
    more = (
        {"to": who.open("hand_over", case.pk).context["form"].fields["to"].choices[1][0]}
        if (name == "hand_over")
        else {}
    )
    answer = who.press(name, case, version=case.version - 1, **given, **more)
    assert answer.status_code == 409
    assert "Kirjoitettu." in answer.text


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_get_two_cases(matti, cas, riitta, raimo):
    for _ in "ab":
        orders.in_review(matti)
    started, got = threading.Barrier(2), []

    def press(person):
        started.wait()
        actor, now = orders.actor_for(person), clock.now()
        got.append(services.take_next(person=person, actor=actor, now=now).pk)
        connection.close()

    threads = [threading.Thread(target=press, args=[person]) for person in (riitta, raimo)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(got)) == 2
    assert Desk(riitta).open("queue", view="free").context["rows"] == []


def test_approving_and_taking_the_next_is_one_press(ready, matti, desk):
    free = orders.in_review(matti)
    desk.confirm()
    shown = {one.name: one.value() for one in desk.open("approve", ready.pk).context["form"]}
    given = shown | {"then": "next"}
    answer = desk.client.post(desk.url("approve", ready.pk), given, follow=True)
    assert answer.redirect_chain[-1][0] == desk.url("case", free.pk)
    assert f"You approved the certificate of {ready.number}." in answer.text
    ready.refresh_from_db()
    assert ready.status == "approved"


def test_an_approval_that_is_refused_takes_no_next_case(ready, matti, desk, other_desk):
    free = orders.in_review(matti)
    desk.confirm()
    shown = {one.name: one.value() for one in desk.open("approve", ready.pk).context["form"]}
    desk.press("note", ready, text="Ehdin ensin.")
    answer = desk.client.post(desk.url("approve", ready.pk), shown | {"then": "next"}, follow=True)
    assert answer.status_code == 409
    free.refresh_from_db()
    assert free.reviewer is None
