"""A mass replacement is planned by an operator and approved by two reviewers."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts.models import Membership
from accounts.services.rights import staff_roles
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import ReplacementItem
from applications.rules import figures
from applications.rules.impartiality import PartInAll
from applications.rules.load_by_hour import load_by_hour
from applications.services.reviewer.replacement import PersonsMissing, PlanOver
from certportal.dev.builders import orders, people
from certportal.dev.builders.replacements import OPERATOR, approve, plan, run
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.services.errors import NotReviewer, ReauthenticationTooOld
from tests.applications.replacing.items import only

State = ReplacementItem.State


@pytest.fixture
def order_for_testing(order, matti, riitta):
    """His test certificate beside it."""
    made = orders.delivered(matti, riitta, "test_server")
    mail.outbox.clear()
    return made


def test_only_what_is_wanted_is_chosen(order, order_for_testing, riitta):
    assert [one.certificate for one in plan().items.all()] == [certificate_of(order)]
    tests = plan(issuing_ca="sote-test-ec-1")
    assert [one.certificate for one in tests.items.all()] == [certificate_of(order_for_testing)]
    assert not plan(wanted={"profile_version": 2}).items.exists()
    assert not plan(wanted={"issued_until": clock.now() - timedelta(days=1)}).items.exists()


def test_two_persons_are_wanted_whatever_the_setting(order, riitta, raimo, settings):
    settings.ISSUANCE_APPROVALS = {"production": 1, "test": 1}
    made = plan()
    with pytest.raises(PersonsMissing):
        run(made)
    approve(made, riitta)
    approve(made, riitta)
    with pytest.raises(PersonsMissing):
        run(made)
    approve(made, raimo)
    run(made)
    assert only(made).state == State.ISSUED
    assert Event.objects.filter(action="replacement.approved").count() == 2


def test_who_is_no_reviewer_any_more_does_not_count(order, riitta, raimo, now):
    made = plan()
    approve(made, riitta, raimo)
    staff_roles.end_reviewer(raimo, actor=OPERATOR, now=clock.now())
    with pytest.raises(PersonsMissing):
        run(made)


def test_a_stranger_approves_nothing(order, matti, riitta):
    made = plan()
    with pytest.raises(NotReviewer):
        approve(made, matti)


def test_another_digest_and_an_old_identification_are_refused(order, riitta):
    made = plan()
    with pytest.raises(PlanOver):
        approve(made, riitta, digest="0" * 64)
    with pytest.raises(ReauthenticationTooOld):
        approve(made, riitta, reauthenticated_at=clock.now() - timedelta(hours=1))
    assert not made.approvals.exists()


def test_a_plan_ends_with_its_preparations(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    with pytest.raises(PlanOver):
        approve(made, riitta, now=made.expires_at)
    with pytest.raises(PlanOver):
        services.release_replacement(made.pk, actor=OPERATOR, now=made.expires_at)


def test_a_reviewer_does_not_approve_for_their_own_organisation(
    order, riitta, raimo, settings, now
):
    settings.ISSUANCE_APPROVALS = {"production": 1, "test": 1}
    Membership.objects.create(
        person=raimo,
        organisation=order.organisation,
        role=Membership.Role.APPLICANT,
        basis=Membership.Basis.INVITATION,
        begun_at=now,
    )
    made = plan()
    approve(made, riitta)
    with pytest.raises(PartInAll):
        approve(made, raimo)
    with pytest.raises(PersonsMissing):
        run(made)
    assert only(made).state == State.PLANNED
    third = people.make_reviewer("Risto Ratkaisija", now=now)
    approve(made, third)
    run(made)
    assert only(made).state == State.ISSUED


def test_the_approval_of_a_plan_is_one_decision_of_each_reviewer(order, riitta, raimo):
    def decided():
        loads = {one.person: one.decided for one in figures.loads(now=clock.now())}
        by_hour = load_by_hour(now=clock.now()).reviewers
        hours = {one.person: one.decided.total() for one in by_hour}
        assert hours.get(raimo, 0) == loads[raimo]
        return loads[riitta], loads[raimo]

    assert decided() == (1, 0)  # the order itself
    approve(plan(), riitta, raimo)
    assert decided() == (2, 1)


def test_the_plan_tells_what_changes(order, riitta, raimo):
    assert only(plan()).changes == []


def test_reviewers_are_told_of_a_plan(order, riitta, raimo):
    made = plan()
    orders.drain()
    told = {one.to[0] for one in mail.outbox}
    assert told == {riitta.email, raimo.email}
    assert all(f"/console/replacements/{made.pk}/" in one.body for one in mail.outbox)


def test_an_empty_plan_is_nobody_s_to_approve(order, riitta):
    made = plan(issuing_ca="sote-rsa-1")
    assert made.digest == ""
    with pytest.raises(PlanOver):
        approve(made, riitta)
