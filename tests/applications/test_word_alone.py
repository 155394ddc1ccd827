"""What rests on a person's word alone, host names and rights: until a day, by two persons."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.services.organisations import administrator_requests
from accounts.services.rights import confirm as confirm_rights
from accounts.services.rights.documents import Paper
from accounts.weak_evidence import MOST_DAYS, USUAL_DAYS, EndOutOfRange
from applications import services
from applications.models import HostName, Waiver
from applications.rules import waivers
from applications.rules.approvals_needed import why_two
from applications.services.reviewer.may_act import RightMissing
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.models import Certificate
from issuance.services.issuing.approve import approval_state
from tests.applications.waivers import GROUNDS, approve, day


def test_the_applicants_word_has_an_end_too(matti, riitta, raimo, cas, pass_days):
    case = orders.claimed(matti, riitta)
    declare(riitta, case, ends_on=day(2))
    found = Waiver.objects.filter(application=case)
    assert {one.params["value"] for one in found} == {"erecept.example.fi", "varmuus.example.fi"}
    assert {(one.rule, one.ends_on) for one in found} == {(waivers.HOST_DECLARED, day(2))}
    approve(riitta, case)
    assert approve(raimo, case).status == Status.APPROVED
    pass_days(3)
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    assert case.findings[0]["rule"] == waivers.NOT_WAIVED


def declare(reviewer, case, **more):
    """Record for each host name that nothing but the applicant's word speaks for it."""
    for host in case.host_names.all():
        given = {"evidence": HostName.Evidence.DECLARED, "person": reviewer, "note": GROUNDS}
        seen = orders.Handler(reviewer, case).seen
        services.set_evidence(case.pk, host.pk, **given, **seen, **more)
    case.refresh_from_db()


def test_without_a_chosen_end_the_applicants_word_is_enough_for_half_a_year(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    declare(riitta, case)
    assert {one.ends_on for one in Waiver.objects.all()} == {day(USUAL_DAYS)}


def test_better_evidence_takes_the_place_of_the_applicants_word(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    declare(riitta, case)
    orders.approve(riitta, case)
    case.refresh_from_db()
    assert case.status == Status.APPROVED
    outcomes = Waiver.objects.filter(application=case).values_list("outcome", "closed_by")
    assert set(outcomes) == {(Waiver.Outcome.REPLACED, riitta.pk)}


def test_what_is_recorded_again_takes_the_place_of_what_stood(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    declare(riitta, case, ends_on=day(5))
    declare(riitta, case, ends_on=day(50))
    standing = waivers.in_force(day()).filter(application=case)
    assert {one.ends_on for one in standing} == {day(50)}
    assert standing.count() == 2


def confirm(reviewer, membership, until=None, note=GROUNDS):
    """Let a reviewer confirm the right to act, on the person's word alone where it has an end."""
    given = {"by": reviewer, "actor": orders.actor_for(reviewer), "now": clock.now()}
    return confirm_rights.confirm_right(membership.pk, note=note, until=until, **given)


@pytest.fixture
def founder(matti):
    """Matti, whose right to act nobody has confirmed."""
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    return matti


def test_a_right_on_the_persons_word_alone_takes_a_reason_two_persons_and_an_end(
    founder, riitta, raimo, cas, settings, pass_days
):
    settings.ISSUANCE_APPROVALS = {"production": 1, "test": 1}
    case = orders.claimed(founder, riitta)
    right = founder.memberships.get()
    with pytest.raises(confirm_rights.NothingSeen):
        confirm(riitta, right, day(30), note=" ")
    with pytest.raises(EndOutOfRange):
        confirm(riitta, right, day(MOST_DAYS + 1))
    confirm(riitta, right, day(30))
    orders.approve(riitta, case)
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    state = approval_state(orders.prepared(case))
    assert (state.wanted, state.until) == (2, clock.start_of_day(day(31)))
    assert approve(raimo, case).status == Status.APPROVED
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.DELIVERED
    pass_days(31)
    second = orders.claimed(founder, riitta)
    with pytest.raises(RightMissing):
        orders.approve(riitta, second)
    confirm(riitta, right, day(30))
    orders.approve(riitta, second)


def test_the_order_leads_to_showing_the_right_once_its_last_day_is_over(
    founder, riitta, cas, pass_days
):
    confirm(riitta, founder.memberships.get(), day(1))
    pass_days(2)
    order = orders.submitted(founder)
    browser = people.log_in(Client(), founder)
    page = browser.get(reverse("applications:order", args=[order.pk])).text
    assert reverse("accounts:right") in page
    assert "nopeuttaa uutta vahvistamista" in page


def test_a_right_whose_end_comes_between_approval_and_signing_stops_the_signature(
    founder, riitta, raimo, cas, pass_days
):
    case = orders.claimed(founder, riitta)
    confirm(riitta, founder.memberships.get(), day())
    orders.approve(riitta, case)
    assert approve(raimo, case).status == Status.APPROVED
    pass_days(1)
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    assert not Certificate.objects.filter(reference=case.pk).exists()


def test_better_evidence_takes_the_end_away(founder, riitta, raimo, cas):
    right = founder.memberships.get()
    confirm(riitta, right, day(30))
    with pytest.raises(confirm_rights.SameAsBefore):
        confirm(raimo, right, note=f" {GROUNDS} ")
    assert confirm(riitta, right, note="Kaupparekisteriote nähty.").confirmed_until is None
    case = orders.claimed(founder, riitta)
    orders.approve(riitta, case)
    case.refresh_from_db()
    assert case.status == Status.APPROVED


def test_an_approval_that_rested_on_the_word_counts_no_more_once_the_right_rests_on_else(
    founder, riitta, raimo, cas, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 1, "test": 1}
    case = orders.claimed(founder, riitta)
    right = confirm(riitta, founder.memberships.get(), day(30))
    orders.give_evidence(riitta, case)
    approve(raimo, case)
    given = {"person": riitta, "actor": system("test"), "now": clock.now()}

    services.confirm_right(right.pk, note=GROUNDS, until=day(30), **given)
    assert approval_state(orders.prepared(case)).given == 1

    for note, until in (("Soitin taas.", day(30)), ("Soitin taas.", day(40)), ("Ote.", None)):
        services.confirm_right(right.pk, note=note, until=until, **given)
        orders.drain()
        case.refresh_from_db()
        assert case.status == Status.IN_REVIEW
        assert approval_state(orders.prepared(case)).given == 0
        approve(raimo, case)
    assert case.status == Status.IN_REVIEW
    assert approve(riitta, case).status == Status.APPROVED


def test_whoever_approved_on_the_word_alone_is_not_enough_by_recording_better_evidence(
    founder, riitta, raimo, cas, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 1, "test": 1}
    case = orders.claimed(founder, riitta)
    right = confirm(riitta, founder.memberships.get(), day(30))
    declare(riitta, case)
    assert approve(riitta, case).status == Status.IN_REVIEW

    given = {"person": riitta, "actor": system("test"), "now": clock.now()}
    services.confirm_right(right.pk, note="Kaupparekisteriote.", **given)
    case.refresh_from_db()
    orders.give_evidence(riitta, case)
    services.release(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    case.refresh_from_db()
    services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    orders.drain()

    assert approve(riitta, case).status == Status.IN_REVIEW
    state = approval_state(orders.prepared(case))
    assert (state.given, state.wanted, state.until) == (1, 2, None)
    assert "kaksi loppuun asti" in why_two(case, on=clock.day(clock.now()))
    assert approve(raimo, case).status == Status.APPROVED


def test_whoever_approved_a_test_order_on_the_word_alone_is_not_enough_either(
    matti, riitta, raimo, cas, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 1, "test": 1}
    case = orders.claimed(matti, riitta, "test_server")
    declare(riitta, case)
    approve(riitta, case)
    orders.give_evidence(riitta, case)
    orders.drain()
    assert approve(riitta, case).status == Status.IN_REVIEW
    assert approve(raimo, case).status == Status.APPROVED


def test_a_right_given_with_the_account_ends_the_approvals_that_rested_on_the_word(
    founder, maija, riitta, raimo, cas
):
    right = confirm(riitta, founder.memberships.get(), day(30))
    case = orders.claimed(maija, riitta)
    orders.give_evidence(riitta, case)
    approve(raimo, case)
    paper = Paper(pdf("Valtakirja"), "valtakirja.pdf")
    given = {"actor": system("test"), "now": clock.now()}
    asked = administrator_requests.ask(
        maija, right.organisation, reason="Sijainen.", paper=paper, **given
    )
    services.decide_administrator(
        asked.pk, grant=True, reasons="Pöytäkirja.", person=riitta, **given
    )
    orders.drain()
    assert approval_state(orders.prepared(case)).given == 0


def test_a_test_certificate_asks_for_no_confirmed_right(founder, riitta, cas):
    confirm(riitta, founder.memberships.get(), day(30))
    case = orders.claimed(founder, riitta, "test_server")
    orders.approve(riitta, case)
    case.refresh_from_db()
    assert case.status == Status.APPROVED


def test_an_approval_given_before_the_waiver_is_not_its_second_person(
    matti, riitta, raimo, cas, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 2}
    case = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, case)
    approve(raimo, case)

    host = case.host_names.first()
    seen = orders.Handler(riitta, case).seen
    weak = {"evidence": HostName.Evidence.DECLARED, "note": GROUNDS}
    services.set_evidence(case.pk, host.pk, person=riitta, **weak, **seen)
    orders.drain()
    case.refresh_from_db()

    assert approval_state(orders.prepared(case)).given == 0
    assert approve(riitta, case).status == Status.IN_REVIEW
    assert approve(raimo, case).status == Status.APPROVED
    assert Waiver.objects.get().confirmed_by == raimo
