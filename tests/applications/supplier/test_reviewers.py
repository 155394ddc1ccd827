"""Who belongs to a customer's supplier decides nothing about the customer's orders."""

from datetime import timedelta

import pytest

from accounts import access
from accounts.models import Membership
from accounts.services.organisations import consents
from applications import services
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from issuance.models import Approval
from issuance.services.errors import OwnOrganisationLately
from issuance.services.issuing.approve import approval_state
from tests.suppliers import consent


def test_who_belongs_to_a_supplier_of_the_customer_decides_none_of_its_orders(
    matti, kalle, riitta, raimo, cas, now
):
    """Kalle's people bring requests and keys for the pharmacy, and Riitta is one of them."""
    given, other = consent(matti, kalle), orders.claimed(matti, raimo)
    orders.give_evidence(raimo, other)
    theirs = Membership.objects.create(
        person=riitta, organisation=given.supplier, role="technical", basis="mandate", begun_at=now
    )
    case = orders.in_review(matti)
    with pytest.raises(OwnOrganisationLately):
        services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    with pytest.raises(OwnOrganisationLately):
        orders.press_approve(riitta, other)
    prepared = orders.prepared(other)
    facts = {"role": "reviewer", "reauthenticated_at": now, "created_at": now}
    Approval.objects.create(prepared=prepared, person=riitta, **facts)
    assert approval_state(prepared).given == 0
    theirs.ended_at = now
    theirs.save(update_fields=["ended_at"])
    later = now + timedelta(days=364)
    assert access.is_partial(riitta, case.organisation_id, now=later)
    assert not access.is_partial(riitta, case.organisation_id, now=later + timedelta(days=2))


def test_a_consent_that_ended_long_ago_keeps_nobody_from_a_case(matti, kalle, riitta, now):
    given = consent(matti, kalle)
    Membership.objects.create(
        person=riitta, organisation=given.supplier, role="technical", basis="mandate", begun_at=now
    )
    act(matti, consents.end, given.pk)
    later = now + timedelta(days=364)
    assert access.is_partial(riitta, given.customer_id, now=later)
    assert not access.is_partial(riitta, given.customer_id, now=later + timedelta(days=2))
