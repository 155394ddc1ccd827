"""What somebody was to a former organisation still counts after its account was handed over."""

from datetime import timedelta

import pytest

from accounts.models import Membership
from accounts.services.organisations import join, membership, take_back
from applications import services
from applications.rules import contact_links, impartiality, recipients
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from issuance.services.errors import OwnOrganisationLately
from tests.conftest import CLINICS, PHARMACY
from tests.suppliers import consent

COUNTY = "9900009-3"


@pytest.fixture
def hand_over(matti, kalle, riitta, now):
    """Hand the pharmacy's account over to the clinics, and theirs over to the county."""
    people.make_founder("Heikki Hyvinvointi", COUNTY, now=now)

    def in_two_steps():
        for former, successor in ((PHARMACY, CLINICS), (CLINICS, COUNTY)):
            act(riitta, services.succeed, former, successor, reason="Fuusio 1.12.2026.")

    return in_two_steps


def remove(matti, member):
    act(matti, membership.remove, member.memberships.get(ended_at=None).pk)


def test_the_link_of_a_contact_who_left_stays_over(matti, maija, hand_over):
    order = orders.waiting_for_contact(matti, technical_email=maija.email)
    link = order.contact_links.get()
    assert contact_links.is_valid(link, order, now=clock.now())
    remove(matti, maija)
    assert not contact_links.is_valid(link, order, now=clock.now())
    hand_over()
    order.refresh_from_db()
    assert not contact_links.is_valid(link, order, now=clock.now())


def test_a_contact_who_goes_along_keeps_the_link(matti, maija, hand_over):
    order = orders.waiting_for_contact(matti, technical_email=maija.email)
    hand_over()
    order.refresh_from_db()
    assert contact_links.is_valid(order.contact_links.get(), order, now=clock.now())


def test_a_contact_person_who_left_gets_no_mails(matti, maija, hand_over):
    order = orders.with_csr(matti)
    contact = {"contact_name": str(maija), "contact_email": maija.email}
    act(matti, services.save_section, order, "contact", contact)
    orders.submit(matti, order)
    remove(matti, maija)
    hand_over()
    order.refresh_from_db()
    told = recipients.present(order, ("applicant",))
    assert [recipients.resolve(order, one)[0] for one in told] == ["heikki@example.fi"]


def was_member(raimo, matti, pharmacy):
    at = clock.now() - timedelta(days=60)
    raimo.memberships.create(
        organisation=pharmacy,
        role=Membership.Role.APPLICANT,
        basis=Membership.Basis.INVITATION,
        begun_at=at - timedelta(days=60),
        ended_at=at,
    )


def was_member_of_a_supplier(raimo, matti, pharmacy):
    sanna = people.make_founder("Sanna Soini", "9900022-9")
    consent(matti, sanna)
    supplier = sanna.memberships.get().organisation
    raimo.memberships.create(
        organisation=supplier,
        role=Membership.Role.TECHNICAL,
        basis=Membership.Basis.INVITATION,
        begun_at=clock.now() - timedelta(days=60),
    )


def asked_to_join(raimo, matti, pharmacy):
    act(raimo, join.ask, raimo, PHARMACY)
    act(raimo, take_back.take_back, raimo, pharmacy)


@pytest.mark.parametrize("tie", [was_member, was_member_of_a_supplier, asked_to_join])
def test_a_reviewer_tied_to_the_former_organisation_stays_disqualified(
    matti, pharmacy, raimo, cas, hand_over, tie
):
    order = orders.in_review(matti)
    tie(raimo, matti, pharmacy)
    assert isinstance(impartiality.bias(raimo, order, now=clock.now()), OwnOrganisationLately)
    hand_over()
    order.refresh_from_db()
    assert isinstance(impartiality.bias(raimo, order, now=clock.now()), OwnOrganisationLately)
    with pytest.raises(OwnOrganisationLately):
        act(raimo, services.claim, order)
