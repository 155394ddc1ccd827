"""Two keys, one human: everything comes together under the one who stays."""

from datetime import timedelta

import pytest

from accounts import access, own_records
from accounts.models import AdministratorRequest, Invitation, JoinRequest, Membership, Person
from accounts.right_to_act import is_shown, right_of
from accounts.services.organisations import found as founding, invite, join, oversight
from accounts.services.people import merge as merge_people, recognise
from accounts.services.rights import confirm, staff_roles
from certportal.dev.builders.people import NOW, identity_of, log_in, make_person, make_reviewer
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from tests.conftest import PHARMACY

pytestmark = pytest.mark.django_db
OPERATOR = system("operator")


def merge(gone, into):
    merge_people.merge(gone, into=into, actor=OPERATOR, now=NOW)
    gone.refresh_from_db()


def test_logins_lead_to_the_one_who_stays(client, matti):
    abroad = make_person("Matti Meikalainen")
    merge(abroad, matti)

    login = recognise.recognise(
        identity_of("test:Matti Meikalainen", "Matti Meikalainen"),
        language="fi",
        address="",
        now=NOW,
    )

    assert login.person == matti
    assert abroad.current == matti
    assert log_in(client, matti).get("/fi/account/me/").status_code == 200


def test_name_of_the_one_who_stays_is_kept(matti):
    abroad = make_person("Matti Meikalainen")
    merge(abroad, matti)

    recognise.recognise(
        identity_of("test:Matti Meikalainen", "Matti Uusi"), language="fi", address="", now=NOW
    )

    matti.refresh_from_db()
    assert str(matti) == "Matti Meikäläinen"


def test_memberships_and_roles_come_along(stranger, riitta, pharmacy):
    clinics = stranger.memberships.get().organisation
    merge(stranger, riitta)

    assert access.is_member(riitta, clinics.pk)
    assert not access.is_member(stranger, clinics.pk)
    assert not access.is_member(riitta, pharmacy.pk)


def test_role_comes_along(matti):
    reviewer = make_reviewer("Matti Meikalainen")
    merge(reviewer, matti)

    assert access.is_reviewer(matti)
    assert not access.is_reviewer(reviewer)


def test_what_both_have_is_kept_once(matti, maija, pharmacy):
    merge(maija, matti)

    membership = access.current_membership(matti, pharmacy.pk)
    assert membership.role == Membership.Role.ADMINISTRATOR
    assert not access.is_member(maija, pharmacy.pk)


@pytest.mark.parametrize("stays", ["applicant", "administrator"])
def test_of_two_memberships_the_stronger_role_and_the_shown_right_stay(
    matti, maija, pharmacy, stays
):
    gone, into = (matti, maija) if stays == "applicant" else (maija, matti)
    shown = matti.memberships.get()
    merge(gone, into)

    kept = access.current_membership(into, pharmacy.pk)
    assert kept.role == Membership.Role.ADMINISTRATOR
    assert (kept.basis, kept.basis_note) == (shown.basis, shown.basis_note)


@pytest.mark.parametrize("stays", ["weak", "lasting"])
def test_a_right_on_the_word_alone_never_takes_the_place_of_a_shown_one(
    matti, maija, pharmacy, stays
):
    weak = {"basis": Membership.Basis.REVIEWER_DECISION, "confirmed_until": NOW.date()}
    maija.memberships.update(**weak, confirmed_at=NOW)
    gone, into = (matti, maija) if stays == "weak" else (maija, matti)
    merge(gone, into)

    assert access.current_membership(into, pharmacy.pk).confirmed_until is None


def test_an_invitation_by_somebody_whose_right_is_shown_outlasts_a_word(matti, maija, pharmacy):
    abroad = make_person("Maija Mallikas-Smith")
    weak = {"basis": Membership.Basis.REVIEWER_DECISION, "confirmed_until": NOW.date()}
    pharmacy.memberships.create(
        person=abroad, role="applicant", begun_at=NOW, confirmed_at=NOW, **weak
    )
    merge(abroad, maija)

    assert access.current_membership(maija, pharmacy.pk).confirmed_until is None


@pytest.mark.parametrize("days", [-1, 1])
@pytest.mark.parametrize("is_invited", [True, False])
def test_of_two_rights_for_a_limited_time_the_longer_one_stays(
    matti, maija, pharmacy, days, is_invited
):
    """Matti's ends today, and Maija's if she rests on his; the one that comes along on `days`."""
    weak = {"basis": Membership.Basis.REVIEWER_DECISION, "confirmed_at": NOW}
    matti.memberships.update(**weak, confirmed_until=NOW.date())
    abroad, until = make_person("Maija Mallikas-Smith"), NOW.date() + timedelta(days=days)
    pharmacy.memberships.create(
        person=abroad, role="applicant", begun_at=NOW, **weak, confirmed_until=until
    )
    into = maija if is_invited else matti
    merge(abroad, into)

    assert right_of(into, pharmacy).confirmed_until == max(NOW.date(), until)


@pytest.mark.parametrize("stays", ["founder", "invited"])
def test_nobody_becomes_a_confirmed_administrator_by_it(maija, pharmacy, stays):
    """Maija, whom Matti invited to order, had founded the account under another identity."""
    founder = make_person("Maija Mallikas-Smith")
    stated = {"basis": Membership.Basis.UNVERIFIED, "begun_at": NOW}
    pharmacy.memberships.create(person=founder, role=Membership.Role.ADMINISTRATOR, **stated)
    gone, into = (maija, founder) if stays == "founder" else (founder, maija)
    merge(gone, into)

    membership = access.current_membership(into, pharmacy.pk)
    assert membership.role == Membership.Role.APPLICANT
    assert is_shown(membership)
    assert pharmacy.memberships.filter(ended_at=None).count() == 2


def test_one_step_leads_from_every_key_to_the_one_who_stays(matti, maija, kalle):
    merge(matti, maija)
    merge(maija, kalle)
    matti.refresh_from_db()

    assert matti.merged_into == kalle


def test_an_open_request_to_join_comes_along(kalle, pharmacy):
    abroad = make_person("Kalle Konsultti-Smith")
    join.ask(abroad, PHARMACY, actor=OPERATOR, now=NOW)
    merge(abroad, kalle)

    assert JoinRequest.objects.get(settled_at=None).person == kalle


@pytest.mark.parametrize("also", ["asked", "belongs"])
def test_a_request_that_is_needless_by_now_is_settled(kalle, matti, pharmacy, also):
    abroad = make_person("Kalle Konsultti-Smith")
    join.ask(abroad, PHARMACY, actor=OPERATOR, now=NOW)
    other = kalle if also == "asked" else matti
    if also == "asked":
        join.ask(kalle, PHARMACY, actor=OPERATOR, now=NOW)
    merge(abroad, other)

    assert JoinRequest.objects.filter(settled_at=None).count() == (also == "asked")
    assert not JoinRequest.objects.filter(settled_at=None, person=abroad).exists()


def test_a_request_is_settled_by_a_membership_that_comes_along(kalle, maija, pharmacy):
    join.ask(kalle, PHARMACY, actor=OPERATOR, now=NOW)
    merge(maija, kalle)

    assert access.is_member(kalle, pharmacy.pk)
    assert not JoinRequest.objects.filter(settled_at=None).exists()


def test_invitations_that_wait_are_those_of_the_one_who_stays(matti, maija, pharmacy):
    given = {"role": Membership.Role.APPLICANT, "language": "fi", "actor": OPERATOR, "now": NOW}
    maija.memberships.update(role=Membership.Role.ADMINISTRATOR)
    invite.invite(pharmacy, "uusi@example.fi", by=maija, **given)
    merge(maija, matti)

    assert Invitation.objects.get().made_by == matti


def asked_of_the_authority(person, organisation, **decided):
    given = {"reason": "Matti on eläkkeellä.", "asked_at": NOW, "decided_at": NOW}
    return organisation.administrator_requests.create(person=person, **given, **decided)


def test_what_was_taken_back_stays_taken_back_through_every_merge(maija, kalle, matti, pharmacy):
    asked = asked_of_the_authority(maija, pharmacy, decided_by=maija)
    for gone, into in ((maija, kalle), (kalle, matti)):
        merge(gone, into)
        asked = AdministratorRequest.objects.get(pk=asked.pk)
        assert asked.person == into and asked.is_taken_back

    assert own_records.export(matti)["requests_for_administration"][0]["taken_back"]


def test_what_a_reviewer_refused_is_not_taken_back_when_they_prove_the_same(
    maija, riitta, pharmacy
):
    asked = asked_of_the_authority(maija, pharmacy, decided_by=riitta, reasons="Ei osoitettu.")
    merge(maija, riitta)

    assert not AdministratorRequest.objects.get(pk=asked.pk).is_taken_back
    (told,) = own_records.export(riitta)["requests_for_administration"]
    assert not told["taken_back"] and not told["granted"]


def test_role_both_have_is_kept_once(riitta, raimo):
    merge(raimo, riitta)

    assert access.is_reviewer(riitta)
    assert not access.is_reviewer(raimo)


def test_a_reviewer_and_an_auditor_are_merged_only_without_one_of_the_roles(maija, riitta):
    staff_roles.grant_auditor(maija, by=None, actor=OPERATOR, now=NOW)
    for gone, into in [(maija, riitta), (riitta, maija)]:
        with pytest.raises(merge_people.NotMergeable, match="Poista ensin toinen rooleista"):
            merge(gone, into)
    assert access.is_auditor(maija)

    staff_roles.end_auditor(maija, actor=OPERATOR, now=NOW)
    merge(maija, riitta)
    assert access.is_reviewer(riitta)
    assert not access.is_auditor(riitta)


def test_what_one_confirmed_for_the_other_is_withdrawn_first(riitta, raimo, maija, now):
    """Riitta confirmed the right of Sirpa, as whom she had founded an account herself."""
    sirpa = make_person("Sirpa Ratkaisija")
    statement = founding.Statement(Membership.Basis.MANDATE, "proviisori")
    act = {"actor": access.actor_for(sirpa), "now": now}
    founded = founding.found(sirpa, "9900003-4", statement, **act)
    right = founded.memberships.get()
    reviewed = {"actor": access.actor_for(riitta), "now": now}
    confirm.confirm_right(right.pk, note="Kaupparekisteri", by=riitta, **reviewed)
    for gone, into in [(sirpa, riitta), (riitta, sirpa)]:
        with pytest.raises(merge_people.NotMergeable, match="vahvistus on peruutettava ensin"):
            merge(gone, into)

    oversight.withdraw_right(right.pk, reasons="Oma oikeus", by=raimo, **reviewed)
    merge(sirpa, riitta)
    assert not is_shown(riitta.memberships.get())


def test_a_role_that_one_gave_the_other_is_taken_away_first(riitta, maija):
    staff_roles.grant_auditor(maija, by=riitta, actor=OPERATOR, now=NOW)
    staff_roles.end_reviewer(riitta, actor=OPERATOR, now=NOW)
    with pytest.raises(merge_people.NotMergeable, match="Rooli on otettava"):
        merge(maija, riitta)

    staff_roles.end_auditor(maija, actor=OPERATOR, now=NOW)
    merge(maija, riitta)
    assert not access.is_auditor(riitta)


def test_merging_is_recorded(matti, maija):
    merge(maija, matti)

    event = Event.objects.get(action="person.merged")
    assert (event.object_id, event.data) == (str(maija.pk), {"into": str(matti.pk)})


def test_nobody_is_merged_into_themselves(matti):
    with pytest.raises(merge_people.NotMergeable):
        merge(matti, matti)


def test_nobody_is_merged_twice(matti, maija, stranger):
    merge(maija, matti)

    with pytest.raises(merge_people.NotMergeable):
        merge(maija, stranger)
    with pytest.raises(merge_people.NotMergeable):
        merge(stranger, maija)


def test_no_role_is_given_to_a_person_merged_away_since_they_were_looked_up(maija, matti):
    as_looked_up = Person.objects.get(pk=maija.pk)
    merge(maija, matti)
    with pytest.raises(staff_roles.NotIdentified):
        staff_roles.grant_auditor(as_looked_up, by=None, actor=OPERATOR, now=NOW)
    assert not access.is_auditor(matti)
