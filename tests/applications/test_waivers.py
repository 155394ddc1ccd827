"""Waivers: one finding let pass with reasons, until a day, by two persons; never for longer."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, transaction

from accounts.services.organisations import membership
from accounts.services.people import merge
from accounts.services.rights import staff_roles
from accounts.weak_evidence import MOST_DAYS, EndOutOfRange
from applications import services
from applications.errors import NotPossible, NotYourCase, ReasonsMissing
from applications.models import Application, Waiver
from applications.rules import waivers
from applications.services.reviewer.may_act import NotWaived
from applications.services.reviewer.waivers import NotWaivable
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import services as authority
from issuance.models import Certificate
from issuance.services.errors import Concerned, OwnOrganisation
from issuance.services.issuing.approve import approval_state
from tests.applications.waivers import GROUNDS, SUPPLIER, WHY, approve, day, foreign, in_hand, waive
from tests.doubles.passkey import Passkey

ROOT, CLINIC_UNIT = "1.2.246.10.99000018", "1.2.246.10.99000085.10.0"
TYPES = ["system_signature", "test_system_signature"]


def withdraw(reviewer, waiver, reason="Sopimus on päättynyt."):
    given = {"person": reviewer, "actor": orders.actor_for(reviewer), "now": clock.now()}
    return services.withdraw_waiver(waiver.pk, reason=reason, **given)


def events(case, action):
    found = Event.objects.filter(object_id=str(case.pk), action=f"application.{action}")
    return [one.data for one in found.order_by("pk")]


@pytest.mark.parametrize("type", TYPES)
def test_with_a_reason_matti_sends_anothers_oid_and_riitta_must_weigh_it(matti, riitta, type, cas):
    case = in_hand(matti, riitta, type)
    assert case.status == Status.IN_REVIEW
    found = [one for one in case.findings if one["rule"] == waivers.OID_OUTSIDE]
    assert [one["severity"] for one in found] == ["warning"]
    with pytest.raises(NotWaived):
        orders.press_approve(riitta, case)


@pytest.mark.parametrize("type", TYPES)
def test_a_waived_order_takes_two_persons_in_either_environment(
    matti, riitta, raimo, type, cas, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 1, "test": 1}
    case = in_hand(matti, riitta, type)
    waiver = waive(riitta, case)
    assert approve(riitta, case).status == Status.IN_REVIEW
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    assert approve(raimo, case).status == Status.APPROVED
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.DELIVERED
    assert Certificate.objects.filter(reference=case.pk).exists()
    waiver.refresh_from_db()
    assert (waiver.waived_by, waiver.confirmed_by) == (riitta, raimo)
    assert (waiver.submission, waiver.reason) == (case.submission, GROUNDS)
    assert waiver.params == {"value": SUPPLIER, "root": ROOT}


def test_whoever_waived_need_not_approve_but_two_others_then_do(matti, riitta, raimo, cas, now):
    reijo = people.make_reviewer("Reijo Ratkaisija", now=now)
    case = in_hand(matti, riitta)
    waiver = waive(riitta, case)
    approve(raimo, case)
    waiver.refresh_from_db()
    assert waiver.confirmed_by == raimo
    assert approve(reijo, case).status == Status.APPROVED


def test_the_authority_itself_counts_two_and_knows_the_end(matti, riitta, raimo, cas):
    case = in_hand(matti, riitta)
    waiver = waive(riitta, case, days=3)
    approve(riitta, case)
    state = approval_state(orders.prepared(case))
    assert (state.wanted, state.given) == (2, 1)
    assert state.until == clock.start_of_day(waiver.ends_on + timedelta(days=1))


def test_somebody_concerned_neither_waives_nor_is_the_second_person(matti, riitta, raimo, cas):
    case = in_hand(matti, riitta)
    case.technical_email = raimo.email
    case.save(update_fields=["technical_email"])
    waive(riitta, case)
    approve(riitta, case)
    with pytest.raises(Concerned):
        orders.press_approve(raimo, case)
    assert approval_state(orders.prepared(case)).given == 1


@pytest.mark.parametrize(
    "rule",
    [
        *["key.rsa_factor", "key.blocked", "order.host_name", "order.conformity_missing", "x"],
        *["order.register_ended", "order.mailbox", "order.sender_left", waivers.HOST_DECLARED],
    ],
)
def test_nothing_else_can_be_waived(matti, riitta, rule, cas):
    case = in_hand(matti, riitta)
    with pytest.raises(NotWaivable):
        waive(riitta, case, rule=rule)
    assert not Waiver.objects.exists()


def test_nothing_is_waived_that_was_not_found(matti, riitta, cas):
    case = orders.claimed(matti, riitta, "system_signature")
    with pytest.raises(NotWaivable):
        waive(riitta, case)


def test_a_waiver_has_reasons_and_an_end_within_a_year(matti, riitta, cas):
    case = in_hand(matti, riitta)
    with pytest.raises(ReasonsMissing):
        waive(riitta, case, reason=" ")
    for days in (-1, MOST_DAYS + 1):
        with pytest.raises(EndOutOfRange):
            waive(riitta, case, days=days)
    assert waive(riitta, case, days=MOST_DAYS).ends_on == day(MOST_DAYS)
    with pytest.raises(NotPossible):
        waive(riitta, case)


def test_who_does_not_hold_the_case_waives_nothing(matti, riitta, raimo, cas):
    case = in_hand(matti, riitta)
    with pytest.raises(NotYourCase):
        waive(raimo, case)


def test_a_member_of_the_organisation_withdraws_nothing(matti, maija, riitta, cas, now):
    case = in_hand(matti, riitta)
    waiver = waive(riitta, case)
    staff_roles.grant_reviewer(maija, by=riitta, actor=system("test"), now=now)
    with pytest.raises(OwnOrganisation):
        withdraw(maija, waiver)


def test_after_its_last_day_it_no_longer_counts_at_the_approval(
    matti, riitta, raimo, cas, pass_days
):
    case = in_hand(matti, riitta)
    waive(riitta, case, days=0)
    approve(riitta, case)
    pass_days(1)
    with pytest.raises(NotWaived):
        orders.press_approve(raimo, case)
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW


def test_a_waiver_that_ends_between_approval_and_signing_stops_the_signature(
    matti, riitta, raimo, cas, pass_days
):
    case = in_hand(matti, riitta)
    waive(riitta, case, days=0)
    approve(riitta, case)
    assert approve(raimo, case).status == Status.APPROVED
    pass_days(1)
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    assert case.findings[0]["rule"] == waivers.NOT_WAIVED
    assert not Certificate.objects.filter(reference=case.pk).exists()
    # A new waiver mends it; the old approvals went with the old attempt.
    waive(riitta, case, days=30)
    assert waivers.NOT_WAIVED not in [one["rule"] for one in case.findings]
    approve(riitta, case)
    assert approve(raimo, case).status == Status.APPROVED
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.DELIVERED


def test_the_authority_signs_nothing_after_the_end_even_when_it_is_told_to(
    matti, riitta, raimo, cas, pass_days
):
    case = in_hand(matti, riitta)
    waive(riitta, case, days=0)
    approve(riitta, case)
    approve(raimo, case)
    # Confirmed by the registration authority before midnight, signed after it.
    midnight = clock.start_of_day(day(1))
    assert authority.issue_confirmed(case.pk, confirmed_at=midnight, now=midnight) is None
    assert orders.prepared(case).void_reason == "waiver_ended"


def test_a_second_order_rests_on_a_confirmed_waiver_and_still_takes_two(matti, riitta, raimo, cas):
    first = in_hand(matti, riitta)
    waiver = waive(riitta, first)
    approve(riitta, first)
    approve(raimo, first)
    orders.drain()
    second = in_hand(matti, raimo)
    assert waivers.relied_on(second, on=day()) == [waiver]
    assert approve(raimo, second).status == Status.IN_REVIEW
    assert [one["waivers"] for one in events(second, "approve")] == [[waiver.pk]]
    assert approve(riitta, second).status == Status.APPROVED


def test_where_passkeys_prove_a_second_order_takes_a_waiver_of_its_own(
    matti, riitta, raimo, cas, settings
):
    """The authority accepts what was signed on one order for no other."""
    first, passkey = in_hand(matti, riitta), Passkey()
    waive(riitta, first, passkey=passkey)
    approve(riitta, first)
    approve(raimo, first)
    orders.drain()
    second = in_hand(matti, riitta)
    settings.APPROVERS_PROVE = "all"
    with pytest.raises(NotWaived):
        orders.press_approve(riitta, second)
    own = waive(riitta, second, passkey=passkey)
    assert waivers.relied_on(second, on=day()) == [own]


def test_an_unconfirmed_waiver_covers_no_second_order(matti, riitta, raimo, cas):
    waive(riitta, in_hand(matti, riitta))
    with pytest.raises(NotWaived):
        orders.press_approve(raimo, in_hand(matti, raimo))


def test_nor_does_one_whose_two_persons_turned_out_to_be_one(matti, riitta, raimo, cas):
    first = in_hand(matti, riitta)
    waive(riitta, first)
    approve(riitta, first)
    approve(raimo, first)
    orders.drain()
    merge.merge(raimo, into=riitta, actor=system("operator"), now=clock.now())
    second = in_hand(matti, riitta)
    assert waivers.relied_on(second, on=day()) == []
    with pytest.raises(NotWaived):
        orders.press_approve(riitta, second)


def test_a_renewal_after_the_end_is_judged_without_it(matti, riitta, raimo, cas, pass_days):
    first = in_hand(matti, riitta)
    waive(riitta, first, days=10)
    approve(riitta, first)
    approve(raimo, first)
    orders.drain()
    pass_days(11)
    draft = orders.begin(matti, "system_signature", template=first)
    assert (draft.system_oid, draft.system_oid_reason) == (SUPPLIER, WHY)
    second = in_hand(matti, riitta)
    assert waivers.relied_on(second, on=day()) == []
    with pytest.raises(NotWaived):
        orders.press_approve(riitta, second)


def test_another_oid_and_another_account_are_not_covered(matti, kalle, riitta, raimo, cas):
    case = in_hand(matti, riitta)
    waive(riitta, case)
    approve(raimo, case)
    other = foreign(matti, oid="1.2.246.10.99000085.12.2")
    assert waivers.unwaived(other, on=day())
    theirs = orders.draft(kalle, "system_signature", unit="1.2.246.10.99000085.10.0")
    theirs.system_oid = f"{ROOT}.12.1"
    assert waivers.unwaived(theirs, on=day())


def test_withdrawing_voids_approvals_and_brings_an_approved_order_back(matti, riitta, raimo, cas):
    case = in_hand(matti, riitta)
    waiver = waive(riitta, case)
    approve(riitta, case)
    approve(raimo, case)
    with pytest.raises(ReasonsMissing):
        withdraw(raimo, waiver, reason=" ")
    withdraw(raimo, waiver)
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    with pytest.raises(NotWaived):
        orders.press_approve(riitta, case)
    waiver.refresh_from_db()
    assert (waiver.closed_by, waiver.outcome) == (raimo, Waiver.Outcome.WITHDRAWN)
    with pytest.raises(NotPossible):
        withdraw(riitta, waiver)
    assert not Certificate.objects.filter(reference=case.pk).exists()


def test_an_approval_given_under_a_withdrawn_waiver_does_not_count_under_the_next(
    matti, riitta, raimo, cas
):
    case = in_hand(matti, riitta)
    waiver = waive(riitta, case)
    approve(riitta, case)
    withdraw(raimo, waiver)
    orders.drain()
    case.refresh_from_db()
    waive(riitta, case)
    assert approval_state(orders.prepared(case)).given == 0
    assert approve(raimo, case).status == Status.IN_REVIEW


def test_each_step_is_an_event_without_the_words(matti, riitta, raimo, cas):
    case = in_hand(matti, riitta)
    waiver = waive(riitta, case)
    approve(raimo, case)
    withdraw(raimo, waiver)
    facts = {"waiver": waiver.pk, "rule": waivers.OID_OUTSIDE}
    for action in ("waive", "waiver_confirmed", "waiver_withdrawn"):
        (data,) = events(case, action)
        assert facts.items() <= data.items()
        assert GROUNDS not in str(data)


def test_the_row_stays_as_it_was_given(matti, riitta, cas):
    case = in_hand(matti, riitta)
    waiver = waive(riitta, case)
    given = Waiver.objects.filter(pk=waiver.pk)
    for change in ({"ends_on": day(500)}, {"reason": "Muu"}, {"params": {"value": "1.2"}}):
        with pytest.raises(InternalError, match="is kept as it is"), transaction.atomic():
            given.update(**change)
    with pytest.raises(InternalError, match="the row stays"), transaction.atomic():
        given.delete()
    with pytest.raises(IntegrityError, match="waiver_confirmed_by_another"), transaction.atomic():
        given.update(confirmed_by=riitta, confirmed_at=clock.now())


def test_a_sender_who_left_stops_it_whatever_is_waived(matti, maija, riitta, raimo, cas):
    case = in_hand(maija, riitta)
    waive(riitta, case)
    approve(riitta, case)
    approve(raimo, case)
    act(matti, membership.remove, maija.memberships.get(ended_at=None).pk)
    orders.drain()
    case.refresh_from_db()
    assert case.findings[0]["rule"] == "order.sender_left"


def test_whoever_weighs_a_foreign_oid_sees_who_else_has_it(matti, kalle, riitta, cas):
    theirs = orders.delivered(kalle, riitta, "system_signature", unit=CLINIC_UNIT)
    Application.objects.filter(pk=theirs.pk).update(system_oid=SUPPLIER)

    case = in_hand(matti, riitta)

    rules = [one["rule"] for one in case.findings]
    assert {waivers.OID_OUTSIDE, "order.system_oid_elsewhere"} <= set(rules)
