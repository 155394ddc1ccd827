"""Two records of one person are merged while one of them gets or loses a membership or a right."""

from functools import partial

import pytest
from django.db import transaction

from accounts.models import JoinRequest, Membership, Person, StaffRole
from accounts.services.organisations import (
    administrator_requests,
    found,
    invite,
    join,
    membership,
    oversight,
    take_back,
)
from accounts.services.people.merge import merge
from accounts.services.rights import staff_roles
from accounts.services.rights.documents import Paper
from certportal.dev.builders import people
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from certportal.foundation.actors import system
from tests.applications.at_once import Beside
from tests.conftest import PHARMACY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def uuno(sample):
    return people.make_person("Uuno Uusi")


@pytest.fixture
def ukko(sample):
    """Uuno, as identified abroad; this record stays."""
    return people.make_person("Ukko Uusi")


def beside_the_merger(uuno, ukko, work):
    """Merge the records, and do the work as the one that goes before that is committed."""
    with transaction.atomic():
        merge(uuno, into=ukko, actor=system("test"), now=clock.now())
        working = Beside(work)
    assert working.end() is None
    return Membership.objects.get(person__in=[uuno, ukko], ended_at=None)


def test_who_accepts_an_invitation_is_a_member_as_the_one_who_stays(matti, pharmacy, uuno, ukko):
    given = act(matti, invite.invite, pharmacy, uuno.email, role="applicant", language="fi")
    accepting = partial(act, uuno, invite.accept, given.pk, given.token)
    assert beside_the_merger(uuno, ukko, accepting).person == ukko


def test_who_founds_an_account_administers_it_as_the_one_who_stays(uuno, ukko):
    statement = found.Statement(Membership.Basis.MANDATE, "proviisori")
    founding = partial(act, uuno, found.found, uuno, PHARMACY, statement)
    assert beside_the_merger(uuno, ukko, founding).person == ukko


def test_who_is_made_administrator_is_one_as_the_one_who_stays(pharmacy, matti, riitta, uuno, ukko):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    asked = act(
        uuno,
        administrator_requests.ask,
        uuno,
        pharmacy,
        reason="Kukaan ei vastaa.",
        paper=Paper(pdf("Valtakirja"), "valtakirja.pdf"),
    )
    words = {"grant": True, "reasons": "Kaupparekisteri."}
    deciding = partial(act, riitta, administrator_requests.decide, asked.pk, **words)
    assert beside_the_merger(uuno, ukko, deciding).person == ukko


@pytest.fixture
def maria(pharmacy):
    """Maija, as identified abroad: an applicant of the same account."""
    return people.make_member("Maria Mallikas", pharmacy)


def merging(gone, into):
    return Beside(partial(merge, gone, into=into, actor=system("test"), now=clock.now()))


def test_a_role_that_is_taken_meanwhile_does_not_come_back(matti, maija, maria):
    act(matti, membership.change_role, maija.memberships.get().pk, "administrator")
    with transaction.atomic():
        act(matti, membership.change_role, maija.memberships.get().pk, "technical")
        beside = merging(maria, maija)
    assert beside.end() is None
    assert maija.memberships.get(ended_at=None).role == Membership.Role.APPLICANT


def test_nor_does_a_right_that_is_withdrawn(matti, pharmacy, maija, maria, riitta):
    shown = {"basis": Membership.Basis.REVIEWER_DECISION, "confirmed_at": clock.now()}
    Membership.objects.filter(person__in=[maija, maria]).update(**shown, confirmed_by=riitta)
    right = maija.memberships.get()
    with transaction.atomic():
        act(riitta, oversight.withdraw_right, right.pk, reasons="Ei edusta apteekkia.")
        act(riitta, oversight.withdraw_right, maria.memberships.get().pk, reasons="Eikä näin.")
        beside = merging(maria, maija)
    assert beside.end() is None
    assert maija.memberships.get(ended_at=None).is_unconfirmed


def test_a_reviewer_whose_role_is_taken_meanwhile_is_none_under_the_other_record(riitta):
    ritva = people.make_person("Ritva Ratkaisija")
    with transaction.atomic():
        merge(riitta, into=ritva, actor=system("test"), now=clock.now())
        given = {"actor": system("test"), "now": clock.now()}
        ending = Beside(partial(staff_roles.end_reviewer, riitta, **given))
    assert ending.end() is None
    assert not StaffRole.objects.filter(ended_at=None).exists()


def test_a_request_that_is_taken_back_meanwhile_stays_so(pharmacy, uuno, ukko):
    act(uuno, join.ask, uuno, PHARMACY)
    with transaction.atomic():
        act(uuno, take_back.take_back, uuno, pharmacy)
        beside = merging(uuno, ukko)
    assert beside.end() is None
    assert JoinRequest.objects.get().settled_at is not None


def beside_the_merger_of(giver, into, work):
    """Do the work as the giver's page had begun it, beside the merger that ends the record."""
    shown = Person.objects.get(pk=giver.pk)
    with transaction.atomic():
        merge(giver, into=into, actor=system("test"), now=clock.now())
        working = Beside(partial(act, shown, work))
    return working.end()


def test_nobody_gives_themselves_a_role_as_the_record_that_goes(sofia, ukko):
    given = {"actor": system("test"), "now": clock.now()}
    refused = beside_the_merger_of(
        sofia, ukko, lambda *, by: staff_roles.grant_reviewer(ukko, by=by, **given)
    )
    assert isinstance(refused, staff_roles.OwnRole)
    assert not StaffRole.objects.exists()
