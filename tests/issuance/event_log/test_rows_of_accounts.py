"""What an owner of the database does to customer accounts and their people is named."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Membership, Organisation, Person, SupplierConsent
from accounts.services.organisations import (
    consents,
    found,
    invite,
    membership as members,
    oversight,
    succession,
)
from accounts.services.people import erase, merge
from accounts.services.rights import confirm
from certportal.dev.builders import people
from certportal.dev.builders.acts import do
from certportal.foundation import clock
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.verifying import Kind
from tests.conftest import CLINICS, PHARMACY
from tests.issuance.event_log.conftest import AsOwner
from tests.issuance.event_log.rows import TESTS, named, only
from tests.suppliers import consent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def log(keyed: Verifier) -> None:
    """The log that the verifications read."""


def forget_digests(as_owner: AsOwner) -> None:
    """Leave of the events what the version before recorded."""
    new = "('membership.recorded', 'person.identifier_stored')"
    as_owner(f"DELETE FROM foundation_event WHERE action IN {new}")
    as_owner("UPDATE foundation_event SET data = data - 'sha256' - 'business_id'")


def test_what_people_do_to_their_accounts_is_told(
    matti: Person, maija: Person, teemu: Person, riitta: Person, now: datetime
) -> None:
    pharmacy = matti.memberships.get().organisation
    sent = do(
        matti,
        invite.invite,
        pharmacy,
        email="liisa@example.fi",
        language="fi",
        role="administrator",
    )
    liisa = people.make_person("Liisa Lahtinen", now=now)
    do(liisa, invite.accept, sent.pk, sent.token)
    do(matti, members.change_role, maija.memberships.get().pk, "administrator")
    do(liisa, members.remove, teemu.memberships.get().pk)
    do(maija, members.leave, maija.memberships.get().pk)
    do(riitta, oversight.withdraw_right, matti.memberships.get().pk, reasons="Ei enää johda")
    assert named() == []
    do(riitta, oversight.close, pharmacy.pk, reasons="Lopetettu")
    erase.erase_person(liisa.pk, now=now)
    assert named() == []


def test_a_consent_that_was_given_and_ended_is_told(matti: Person, kalle: Person) -> None:
    first = consent(matti, kalle)
    consent(matti, kalle, until=first.until + timedelta(days=1))
    last = SupplierConsent.objects.get(ended_at=None)
    assert named() == []
    do(matti, consents.end, last.pk)
    assert named() == []


@pytest.mark.parametrize("has_account", [True, False])
def test_an_account_that_was_handed_over_is_told(
    has_account: bool, matti: Person, maija: Person, riitta: Person, now: datetime
) -> None:
    if has_account:
        people.make_founder("Kalle Kliinikko", CLINICS, now=now)
    pharmacy = matti.memberships.get().organisation
    heir = succession.heir(CLINICS, on=clock.day(now))
    do(riitta, succession.hand_over, pharmacy, PHARMACY, heir, reason="Sulautuminen")
    assert named() == []


def test_two_records_of_one_person_are_told_after_their_merger(
    matti: Person, maija: Person, now: datetime
) -> None:
    abroad = people.make_founder("Matti Meikalainen", CLINICS, now=now)
    for gone, into in ((maija, matti), (abroad, matti)):
        merge.merge(gone, into=into, actor=TESTS, now=now)
        assert named() == []
    people.make_login("Maija Mallikas", now=now)
    assert named() == []


def test_a_membership_made_by_hand_is_named(
    pharmacy: Organisation, as_owner: AsOwner, now: datetime
) -> None:
    mallory = people.make_person("Mallory Murtaja", now=now)
    as_owner(
        "INSERT INTO accounts_membership (person_id, organisation_id, role, basis, stated_basis,"
        " basis_detail, basis_note, begun_at)"
        " VALUES (%s, %s, 'administrator', 'register_role', '', '', '', %s)",
        *[str(mallory.pk), str(pharmacy.pk), now],
    )
    only(Kind.UNTOLD, rf"membership \d+ of person:{mallory.pk} in organisation {pharmacy.pk} ")


@pytest.mark.parametrize(
    "change",
    [
        "role = 'administrator'",
        "basis = 'register_role'",
        "ended_at = now()",
        "begun_at = begun_at - interval '1 year'",
    ],
)
def test_a_right_that_was_changed_by_hand_is_named(
    maija: Person, as_owner: AsOwner, change: str
) -> None:
    own = maija.memberships.get().pk
    as_owner(f"UPDATE accounts_membership SET {change} WHERE id = %s", own)
    only(Kind.UNTOLD, f"membership {own} of person:{maija.pk} in organisation ")


def test_a_right_that_was_ended_and_revived_by_hand_is_named(
    matti: Person, maija: Person, as_owner: AsOwner
) -> None:
    own = maija.memberships.get().pk
    do(matti, members.remove, own)
    as_owner("UPDATE accounts_membership SET ended_at = NULL WHERE id = %s", own)
    only(Kind.UNTOLD, f"membership {own} of person:{maija.pk} .*, current")
    as_owner("DELETE FROM accounts_membership WHERE id = %s", own)
    only(Kind.UNDONE, rf"membership {own} \(applicant\), by person:{matti.pk} at ")


def test_an_identifier_that_leads_to_another_is_named(
    matti: Person, as_owner: AsOwner, now: datetime
) -> None:
    mallory = people.make_person("Mallory Murtaja", now=now)
    (own,) = mallory.identifiers.all()
    as_owner("UPDATE accounts_identifier SET person_id = %s WHERE id = %s", str(matti.pk), own.pk)
    only(Kind.UNTOLD, f"identifier {own.pk} of person:{matti.pk}, stored at ")
    as_owner("UPDATE accounts_identifier SET person_id = %s WHERE id = %s", str(mallory.pk), own.pk)
    assert named() == []
    as_owner("UPDATE accounts_identifier SET digest = md5(digest) WHERE person_id = %s", matti.pk)
    only(Kind.UNTOLD, rf"identifier \d+ of person:{matti.pk}, stored at ")


def test_an_identifier_put_in_by_hand_is_named(
    matti: Person, as_owner: AsOwner, now: datetime
) -> None:
    as_owner(
        "INSERT INTO accounts_identifier (person_id, kind, key_version, digest, added_at)"
        " VALUES (%s, 'eidas', 1, 'mine', %s)",
        *[str(matti.pk), now],
    )
    only(Kind.UNTOLD, rf"identifier \d+ of person:{matti.pk}, stored at ")


def test_a_login_or_record_that_was_made_anothers_is_named(
    matti: Person, as_owner: AsOwner, now: datetime
) -> None:
    mallory = people.make_person("Mallory Murtaja", now=now)
    own = mallory.logins.get().pk
    as_owner("UPDATE accounts_user SET person_id = %s WHERE id = %s", str(matti.pk), str(own))
    only(Kind.UNTOLD, f"login {own} of person:{matti.pk}")
    as_owner(
        "UPDATE accounts_person SET merged_into_id = %s WHERE id = %s",
        *[str(matti.pk), str(mallory.pk)],
    )
    only(Kind.UNTOLD, f"merger of person:{mallory.pk} into person:{matti.pk}")


def test_a_merger_undone_by_hand_is_named(matti: Person, as_owner: AsOwner, now: datetime) -> None:
    abroad = people.make_person("Matti Meikalainen", now=now)
    merge.merge(abroad, into=matti, actor=TESTS, now=now)
    as_owner("UPDATE accounts_person SET merged_into_id = NULL")
    as_owner("UPDATE accounts_user SET person_id = %s WHERE username = %s", *[str(abroad.pk)] * 2)
    only(Kind.UNDONE, f"merger of person:{abroad.pk} into person:{matti.pk}")


def test_an_organisation_under_anothers_business_id_is_named(
    pharmacy: Organisation, as_owner: AsOwner
) -> None:
    as_owner("UPDATE accounts_businessid SET code = '0000000-0'")
    only(Kind.UNTOLD, f"business ID 0000000-0 of organisation {pharmacy.pk}")


def test_a_provider_made_an_intermediary_by_hand_is_named(
    pharmacy: Organisation, as_owner: AsOwner
) -> None:
    as_owner("UPDATE accounts_organisation SET kind = 'intermediary'")
    only(Kind.UNTOLD, rf"organisation {pharmacy.pk} \(intermediary\)")


def test_a_closed_account_opened_by_hand_is_named(
    pharmacy: Organisation, riitta: Person, as_owner: AsOwner
) -> None:
    do(riitta, oversight.close, pharmacy.pk, reasons="Lopetettu")
    as_owner("UPDATE accounts_businessid SET valid_to = NULL")
    only(Kind.UNDONE, f"end of the account of organisation {pharmacy.pk} by person:{riitta.pk} at ")


def test_an_invitation_to_more_than_was_sent_is_named(
    matti: Person, pharmacy: Organisation, as_owner: AsOwner
) -> None:
    sent = do(
        matti, invite.invite, pharmacy, email="liisa@example.fi", language="fi", role="technical"
    )
    assert named() == []
    as_owner("UPDATE accounts_invitation SET role = 'administrator'")
    only(Kind.UNTOLD, rf"invitation {sent.pk} \(administrator\) to organisation {pharmacy.pk}, by ")


def test_a_consent_that_nobody_gave_so_is_named(
    matti: Person, kalle: Person, as_owner: AsOwner
) -> None:
    made = consent(matti, kalle)
    as_owner("UPDATE accounts_supplierconsent SET until = until + 400")
    only(Kind.UNTOLD, f"consent {made.pk} of organisation {made.customer_id} to {made.supplier_id}")
    as_owner("UPDATE accounts_supplierconsent SET until = until - 400")
    do(matti, consents.end, made.pk)
    as_owner("UPDATE accounts_supplierconsent SET ended_at = NULL")
    only(Kind.UNDONE, f"end of the consent {made.pk} by person:{matti.pk} at ")


def test_what_the_version_before_recorded_is_enough_of_its_rows(
    matti: Person, pharmacy: Organisation, as_owner: AsOwner, now: datetime
) -> None:
    """Its events have no digest, and it recorded none of a membership that an invitation made."""
    sent = do(
        matti, invite.invite, pharmacy, email="liisa@example.fi", language="fi", role="applicant"
    )
    liisa = people.make_person("Liisa Lahtinen", now=now)
    do(liisa, invite.accept, sent.pk, sent.token)
    abroad = people.make_founder("Matti Meikalainen", CLINICS, now=now)
    merge.merge(abroad, into=matti, actor=TESTS, now=now)
    forget_digests(as_owner)
    assert named() == []
    as_owner("UPDATE accounts_membership SET basis = 'mandate', confirmed_at = %s", clock.now())
    assert {kind for kind, about in named() if about.startswith("membership")} == {Kind.UNTOLD}


def test_a_right_is_confirmed_by_what_its_event_says(
    sample: object, riitta: Person, as_owner: AsOwner, now: datetime
) -> None:
    kalle = people.make_person("Kalle Kliinikko", now=now)
    statement = found.Statement(Membership.Basis.MANDATE, "johtaja")
    do(kalle, found.found, kalle, CLINICS, statement)
    own = kalle.memberships.get().pk
    until = clock.day(clock.now()) + timedelta(days=30)
    do(riitta, confirm.confirm_right, own, note="Puhelimessa", until=until)
    assert named() == []
    as_owner("UPDATE accounts_membership SET confirmed_until = NULL")
    only(Kind.UNTOLD, f"membership {own} of person:{kalle.pk} in organisation ")
