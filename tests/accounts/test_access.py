"""For whom one may act, and what strangers see: nothing."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from accounts import access
from accounts.access import actor_for
from accounts.acting_for import member_required
from accounts.models import Membership
from accounts.services.rights import staff_roles
from certportal.dev.builders.people import NOW, make_login
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event, OutboxItem

pytestmark = pytest.mark.django_db


def request_of(person, organisation=None, path="/fi/home/"):
    request = RequestFactory().get(path)
    request.person = person
    request.organisation = organisation
    request.actor = actor_for(person) if person else None
    request.session = {access.SECOND_FACTOR: clock.now().isoformat()}
    return request


def page(request):
    return HttpResponse("page")


def end(membership):
    membership.ended_at = NOW
    membership.save(update_fields=["ended_at"])


def test_members_reach_their_organisation(matti, maija, pharmacy):
    assert access.get_organisation(matti, pharmacy.pk) == pharmacy
    assert access.get_organisation(maija, pharmacy.pk) == pharmacy


def test_stranger_gets_404_and_is_recorded(stranger, pharmacy):
    with pytest.raises(Http404):
        access.get_organisation(stranger, pharmacy.pk)

    event = Event.objects.get(action="access.refused")
    assert event.refused
    assert event.actor == f"person:{stranger.pk}"
    assert event.object_id == str(pharmacy.pk)


def test_what_does_not_exist_looks_the_same(stranger):
    with pytest.raises(Http404):
        access.get_organisation(stranger, uuid.uuid4())


def test_former_member_is_a_stranger(maija, pharmacy):
    end(maija.memberships.get())

    assert not access.is_member(maija, pharmacy.pk)
    with pytest.raises(Http404):
        access.get_organisation(maija, pharmacy.pk)


def test_returning_member_is_a_member_again(maija, pharmacy):
    end(maija.memberships.get())
    Membership.objects.create(
        person=maija, organisation=pharmacy, role="applicant", basis="invitation", begun_at=NOW
    )

    assert access.is_member(maija, pharmacy.pk)


def test_reviewers_role_can_be_taken_and_given_again(riitta):
    staff_roles.end_reviewer(riitta, actor=system("test"), now=NOW)
    assert not access.is_reviewer(riitta)

    staff_roles.grant_reviewer(riitta, by=None, actor=system("test"), now=NOW)
    assert access.is_reviewer(riitta)
    assert riitta.staff_roles.count() == 2


def test_granting_twice_is_as_once(riitta):
    staff_roles.grant_reviewer(riitta, by=None, actor=system("test"), now=NOW)

    assert riitta.staff_roles.count() == 1
    assert Event.objects.filter(action="staff_role.granted").count() == 1


def test_nobody_makes_herself_a_reviewer_and_the_others_hear_of_a_new_one(matti, riitta):
    with pytest.raises(staff_roles.OwnRole):
        staff_roles.grant_reviewer(matti, by=matti, actor=system("test"), now=NOW)
    staff_roles.grant_reviewer(matti, by=riitta, actor=system("test"), now=NOW)
    told = OutboxItem.objects.filter(topic="reviewer.mail", payload__notice="role_granted")
    assert [one.payload["person"] for one in told] == [str(riitta.pk)]


def test_reviewers_page_opens_to_reviewers_alone(riitta, matti):
    guarded = access.reviewer_required(page)

    assert guarded(request_of(riitta)).status_code == 200
    unproven = request_of(riitta)
    unproven.session.clear()
    assert guarded(unproven).url.startswith("/fi/account/second-factor/")
    with pytest.raises(Http404):
        guarded(request_of(matti))
    assert Event.objects.filter(action="access.refused", object_type="console").exists()


@pytest.mark.parametrize(
    "guard", [access.person_required, member_required, access.reviewer_required]
)
def test_visitors_are_led_to_log_in(guard):
    answer = guard(page)(request_of(None))

    assert answer.url == "/fi/account/login/?next=%2Ffi%2Fhome%2F"


@pytest.mark.parametrize(
    "guard", [access.person_required, member_required, access.reviewer_required]
)
def test_nobody_passes_without_a_verified_address(guard):
    answer = guard(page)(request_of(make_login("Uuno Uusi").person))

    assert answer.url.startswith("/fi/account/email/")


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/fi/orders/new/?unit=1.2", "&next=%2Ffi%2Forders%2Fnew%2F%3Funit%3D1.2"),
        ("http://elsewhere.example/fi/orders/new/", ""),
        ("", ""),
    ],
)
def test_who_was_logged_out_before_posting_comes_back_to_the_page(referer, back):
    request = RequestFactory().post("/fi/home/", headers={"referer": referer})

    answer = member_required(page)(request)

    assert answer.url == f"/fi/account/login/?unsaved=1{back}"


@pytest.mark.django_db
def test_and_is_told_that_nothing_was_saved(client):
    assert "Tunnistaudu ja lähetä se uudelleen" in client.get("/fi/account/login/?unsaved=1").text
    assert "Tunnistaudu ja lähetä se uudelleen" not in client.get("/fi/account/login/").text


def test_person_without_a_chosen_organisation_is_led_to_choose(matti):
    answer = member_required(page)(request_of(matti))

    assert answer.url.startswith("/fi/account/organisation/")


def test_member_passes(matti, pharmacy):
    assert member_required(page)(request_of(matti, pharmacy)).status_code == 200


def test_asking_for_nobody_is_denied():
    request = RequestFactory().get("/")

    with pytest.raises(PermissionDenied):
        access.person_of(request)
    with pytest.raises(PermissionDenied):
        access.organisation_of(request)
    assert str(access.actor_of(request)) == "visitor"
