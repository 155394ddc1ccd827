"""Taking the next case in several windows: who has one before them gets no other."""

from datetime import timedelta

import pytest

from accounts.services.rights import staff_roles
from applications import services
from certportal.dev.builders import orders
from certportal.dev.builders.acts import do
from certportal.foundation import clock
from certportal.foundation.actors import system


def window(desk, name="queue", *args):
    """Return a press of the button on a page opened now, as in a window that stays open."""
    opened = desk.open(name, *args).text.partition('name="opened" value="')[2].partition('"')[0]
    assert opened
    return lambda: desk.client.post(desk.url("take_next"), {"opened": opened}).url


def test_riitta_who_presses_in_two_windows_has_one_case(matti, cas, desk, riitta):
    first, second = orders.in_review(matti), orders.in_review(matti)
    one, other = window(desk), window(desk)
    assert (one(), other(), one()) == (desk.url("case", first.pk),) * 3
    second.refresh_from_db()
    assert second.reviewer is None
    assert window(desk, "case", first.pk)() == desk.url("case", second.pk)


def test_what_riitta_has_set_aside_or_was_given_meanwhile_is_not_what_she_took(
    matti, cas, desk, riitta, raimo, now
):
    one, other, third = (orders.in_review(matti) for _ in range(3))
    press = window(desk)
    assert press() == desk.url("case", one.pk)
    until = clock.day(now) + timedelta(days=3)
    desk.press("set_aside", one, until=until.isoformat(), reason="Odotan THL:n vastausta.")
    staff_roles.grant_lead(raimo, by=None, actor=system("test"), now=now)
    do(raimo, services.assign, [third.pk], to=riitta.pk)
    assert press() == desk.url("case", other.pk)


def test_raimo_who_presses_in_two_windows_is_second_person_of_one_case(
    matti, cas, riitta, other_desk, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    half = orders.approve(riitta, orders.claimed(matti, riitta))
    free = orders.in_review(matti)
    one, other = window(other_desk), window(other_desk)
    assert (one(), other()) == (other_desk.url("approve", half.pk),) * 2
    free.refresh_from_db()
    assert free.reviewer is None


@pytest.mark.parametrize("opened", ["", "eilen", "9999-12-31T23:59:59Z"])
def test_a_button_that_does_not_say_when_its_page_was_opened_takes_the_next(
    matti, cas, desk, opened
):
    cases = [orders.in_review(matti) for _ in "ab"]
    for case in cases:
        answer = desk.client.post(desk.url("take_next"), {"opened": opened})
        assert answer.url == desk.url("case", case.pk)
