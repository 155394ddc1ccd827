"""Nobody reviews, and nobody administers, without a second factor."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.access import SECOND_FACTOR, SECOND_FACTOR_LASTS
from accounts.services.people import merge, second_factor
from certportal.dev.builders import people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from tests.accounts.factors.conftest import CONSOLE, Visit

SETTINGS = "/fi/settings/"
TOO_OLD = -SECOND_FACTOR_LASTS - timedelta(seconds=1)
AHEAD = clock.MAY_DIFFER + timedelta(minutes=1)
"""The time of what was proven while the clock was ahead, once that is right again."""
pytestmark = pytest.mark.django_db


def is_open(visit, place=CONSOLE):
    return visit.client.get(place).status_code == 200


def test_the_console_opens_only_after_a_factor_has_been_set_up(visit):
    answer = visit.client.get(CONSOLE)
    assert answer.url == "/fi/account/second-factor/?next=%2Ffi%2Fconsole%2F"
    assert "/set-up/?next=" in visit.client.get(answer.url).url

    shown = visit.set_up(next=CONSOLE)

    assert shown.url == "/fi/account/second-factor/recovery-codes/?next=%2Ffi%2Fconsole%2F"
    assert is_open(visit)


def test_every_door_of_the_console_is_closed_before(visit):
    for place in ("queue.csv", "register/", "undelivered/", "register/runs/"):
        assert "/second-factor/" in visit.client.get(CONSOLE + place).url
    assert "/second-factor/" in visit.client.post(f"{CONSOLE}take-next/").url


def test_the_page_of_roles_opens_only_after_one_too(sofia):
    visit = Visit(sofia)
    answer = visit.client.get(SETTINGS, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/fi/account/second-factor/set-up/")
    visit.set_up()
    assert is_open(visit, SETTINGS)


def test_another_login_asks_for_the_code(enrolled):
    visit = enrolled.again()
    assert not is_open(visit)

    answer = visit.post("second_factor", code=visit.code(), next="/fi/console/register/")

    assert answer.url == "/fi/console/register/"
    assert is_open(visit)


def test_a_wrong_code_is_refused_on_record_and_told(enrolled):
    visit = enrolled.again()
    answer = visit.post("second_factor", code=visit.wrong())
    assert "code" in answer.context["form"].errors
    assert not is_open(visit)
    assert Event.objects.filter(action="second_factor.proven", refused=True).count() == 1


def test_a_code_counts_once_also_in_another_browser(enrolled):
    visit, other = enrolled.again(), enrolled.again()
    code = visit.code()
    visit.post("second_factor", code=code)
    answer = other.post("second_factor", code=code)
    assert answer.context["form"].errors
    assert (is_open(visit), is_open(other)) == (True, False)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_what_is_no_code_is_told_and_not_counted(enrolled, code):
    answer = enrolled.again().post("second_factor", code=code)
    assert answer.context["form"].errors["code"]
    assert not Event.objects.filter(action="second_factor.proven").exists()


@pytest.mark.usefixtures("still")
def test_guessing_is_stopped_and_the_right_code_then_waits_as_well(enrolled):
    visit = enrolled.again()
    for _try in range(second_factor.MOST_FAILURES):
        assert visit.post("second_factor", code=visit.wrong()).status_code == 200
    answer = visit.post("second_factor", code=visit.code())
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= second_factor.PER.total_seconds()


def test_a_recovery_code_lets_in_once(enrolled, spare):
    code = spare()
    first, second = enrolled.again(), enrolled.again()
    first.post("second_factor", code=f"{code[:4]} {code[4:]}")
    second.post("second_factor", code=code)
    assert (is_open(first), is_open(second)) == (True, False)


def test_recovery_codes_are_shown_once_and_new_ones_replace_them(enrolled, spare):
    old = spare()
    first = enrolled.get("recovery_codes").context["codes"]
    assert len(first) == 10
    assert enrolled.get("recovery_codes").url == "/fi/account/second-factor/own/"

    enrolled.post("recovery_codes")

    assert not set(first) & set(enrolled.get("recovery_codes").context["codes"])
    visit = enrolled.again()
    visit.post("second_factor", code=old)
    assert not is_open(visit)


def test_the_proof_renews_the_session_id(enrolled):
    visit = enrolled.again()
    before = visit.client.session.session_key
    visit.post("second_factor", code=visit.code())
    assert visit.client.session.session_key != before


def test_the_proof_ends_with_the_session(enrolled):
    enrolled.client.post("/fi/account/logout/")
    assert SECOND_FACTOR not in enrolled.client.session


@pytest.mark.parametrize("identified", [TOO_OLD, AHEAD])
def test_the_first_factor_wants_a_recent_identification(visit, identified):
    visit.note("identified_at", clock.now() + identified)
    assert "/login/start/?anew=1&next=" in visit.get("second_factor_set_up").url
    assert "/login/start/?anew=1" in visit.post("second_factor_set_up", code="123456").url


def test_another_factor_wants_a_recent_proof_of_the_first(enrolled):
    stolen = enrolled.again()
    assert "/second-factor/?next=" in stolen.get("second_factor_set_up").url
    assert "/second-factor/?next=" in stolen.post("second_factor_set_up", code="123456").url


def test_another_login_of_the_same_person_proves_the_factor_there_is(enrolled, riitta):
    abroad = people.make_person("Riitta Ratkaisija-Smith")
    merge.merge(abroad, into=riitta, actor=system("test"), now=clock.now())
    other = Visit.__new__(Visit)
    other.client, other.secret, other.used = Client(), enrolled.secret, enrolled.used
    people.open_session(other.client, riitta.logins.exclude(pk=enrolled.login.pk).get())

    assert "/second-factor/?next=" in other.get("second_factor_set_up").url
    assert "/second-factor/?next=" in other.post("second_factor_set_up", code="123456").url
    other.post("second_factor", code=other.code())

    assert is_open(other)


def test_the_only_factor_cannot_be_removed(enrolled):
    only = second_factor.factors(enrolled.login).get()
    assert enrolled.post("remove_factor", only.pk).status_code == 400
    assert second_factor.factors(enrolled.login).get() == only


def test_a_new_app_takes_the_place_of_the_old_one(enrolled):
    old = enrolled.again()
    enrolled.set_up()
    answer = old.post("second_factor", code=old.code())
    assert answer.context["form"].errors


def test_somebody_elses_factor_is_out_of_reach(enrolled, raimo):
    visit = Visit(raimo)
    visit.set_up()
    theirs = second_factor.factors(enrolled.login).get()
    visit.post("remove_factor", theirs.pk)
    assert second_factor.factors(enrolled.login).get() == theirs


@pytest.mark.parametrize("name", ["second_factor", "second_factor_set_up", "own_factors"])
def test_applicants_have_no_such_pages(client, matti, name):
    assert Visit(matti).get(name).status_code == 404
    assert Event.objects.filter(refused=True, actor=f"person:{matti.pk}").exists()


def test_the_secret_is_not_in_the_database(enrolled):
    row = second_factor.factors(enrolled.login).get()
    assert enrolled.secret not in str(row.data)


def test_what_no_secret_key_opens_is_a_factor_that_is_not_there(enrolled, spare, settings):
    old = spare()
    settings.SECRET_KEY = "another one, and the earlier one is lost"
    people.open_session(enrolled.client, enrolled.login)

    for code in (enrolled.code(), old):
        answer = enrolled.post("second_factor", code=code)
        assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["code"])


def test_who_lost_the_factor_sets_up_a_new_one_after_a_reset(enrolled, riitta, capsys):
    call_command("reset_second_factor", str(riitta.pk))

    event = Event.objects.get(action="second_factor.reset")
    assert (event.actor, event.object_id) == ("system:reset_second_factor", str(enrolled.login.pk))
    assert "/set-up/" in enrolled.again().get("second_factor").url


def test_a_superuser_resets_it(enrolled, riitta, sofia):
    visit = Visit(sofia)
    visit.set_up()
    visit.client.post(f"{SETTINGS}{riitta.pk}/", {"act": "reset_second_factor"})
    assert not second_factor.factors(enrolled.login)
    assert Event.objects.get(action="second_factor.reset").actor == f"person:{sofia.pk}"


@pytest.mark.parametrize("proven", [TOO_OLD, AHEAD])
@pytest.mark.parametrize("action", ["grant_reviewer", "end_reviewer", "reset_second_factor"])
def test_roles_change_only_after_a_recent_proof(sofia, matti, riitta, action, proven):
    visit = Visit(sofia)
    visit.set_up()
    visit.note(SECOND_FACTOR, clock.now() + proven)
    chosen = matti if action == "grant_reviewer" else riitta
    people.prove_second_factor(riitta.logins.get())
    answer = visit.client.post(f"{SETTINGS}{chosen.pk}/", {"act": action})
    assert "/second-factor/" in answer.url
    assert (matti.staff_roles.exists(), riitta.staff_roles.get().ended_at) == (False, None)
    assert second_factor.factors(riitta.logins.get())
