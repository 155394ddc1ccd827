"""A lead sees who has how much to do, and gives free cases to a reviewer."""

import pytest

from accounts.models import StaffRole
from accounts.services.rights import staff_roles
from applications import services
from applications.services.reviewer.assignment import NotLead
from applications.views.console import loads
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from tests.accessibility import check_in_turn


@pytest.fixture
def lead(other_desk, raimo, now):
    """Raimo's desk, who leads the reviewers."""
    staff_roles.grant_lead(raimo, by=None, actor=system("test"), now=now)

    return type(other_desk)(raimo)


def give(desk, cases, to):
    given = {"cases": [str(one.pk) for one in cases], "to": str(to.pk)}
    return desk.client.post(desk.url("loads"), given)


def test_a_lead_gives_free_cases_and_they_are_the_reviewer_s_next(lead, desk, matti, riitta, cas):
    cases = [orders.in_review(matti) for _ in range(2)]
    assert give(lead, cases, riitta).status_code == 302
    for one in cases:
        one.refresh_from_db()
        assert one.reviewer == riitta
    row = next(one for one in lead.open("loads").context["loads"] if one.person == riitta)
    assert row.holds == 2
    assert "The case was given to a reviewer" in desk.open("case", cases[0].pk).text
    assert desk.client.post(desk.url("take_next")).url == desk.url("case", cases[0].pk)
    orders.drain()
    assert orders.prepared(cases[0]).is_open


def test_of_more_free_cases_than_are_listed_it_says_so(lead, matti, cas, monkeypatch):
    orders.in_review(matti)
    shown = "Only the first 1 are shown."
    monkeypatch.setattr(loads, "MOST", 1)
    assert shown not in lead.open("loads").text
    orders.in_review(matti)
    assert shown in lead.open("loads").text


def test_what_was_taken_meanwhile_stays(lead, case, waiting, matti, riitta, raimo):
    free = orders.in_review(matti)
    lead.open("loads")
    assert give(lead, [case, free], raimo).status_code == 302
    page = lead.open("loads").text
    assert "1 case was given." in page and "1 case stayed where it is" in page
    free.refresh_from_db()
    case.refresh_from_db()
    assert (free.reviewer, case.reviewer) == (raimo, riitta)


def test_only_a_lead_gives_cases(desk, matti, raimo, cas):
    free = orders.in_review(matti)
    page = desk.open("loads")
    assert page.context["form"] is None
    assert give(desk, [free], raimo).status_code == 403
    free.refresh_from_db()
    assert free.reviewer is None


def test_who_is_a_reviewer_no_more_leads_no_more(lead, matti, raimo, riitta, cas):
    free = orders.in_review(matti)
    StaffRole.objects.filter(person=raimo, kind="reviewer").update(ended_at=clock.now())
    seen = orders.Handler(raimo, free).seen
    given = {"actor": seen["actor"], "now": seen["now"]}
    with pytest.raises(NotLead):
        services.assign([free.pk], to=riitta.pk, person=raimo, **given)


def test_nothing_chosen_is_said(lead):
    answer = lead.client.post(lead.url("loads"), {"to": ""})
    assert {"cases", "to"} == set(answer.context["form"].errors)


def test_the_bar_leads_there_for_leads_only(lead, desk):
    assert desk.url("loads") not in desk.open("queue").text
    assert lead.url("loads") in lead.open("queue").text


@pytest.mark.django_db(transaction=True)
def test_the_page_in_the_browser(enter, lead, matti, cas):
    orders.in_review(matti)
    page = enter(lead)("loads")
    check_in_turn(page)
    page.locator("main form button").click()
    page.wait_for_selector(".field__error")
    check_in_turn(page)
