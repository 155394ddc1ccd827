from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from accounts.models import Membership, Organisation, Person, StaffRole
from certportal.dev.builders import people
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from certportal.foundation.text.mail_addresses import address_mark
from issuance import services
from issuance.certificate.order import CertificateOrder
from issuance.models import Approval, PreparedCertificate
from issuance.services.errors import (
    Concerned,
    NotOpen,
    NotReviewer,
    OtherBytes,
    OwnOrganisation,
    OwnOrganisationLately,
    ReauthenticationTooOld,
)
from issuance.services.issuing.approve import approval_state
from tests.issuance.conftest import approve_by, join
from tests.tables import unkept


def test_one_approval_is_enough_by_default(
    prepared: PreparedCertificate, riitta: Person, now: datetime
) -> None:
    state = approve_by(riitta, prepared, now)
    assert (state.complete, state.given, state.wanted) == (True, 1, 1)
    event = Event.objects.get(action="issuance.approved")
    assert event.actor == f"person:{riitta.pk}"
    assert event.data["tbs_sha256"] == prepared.tbs_sha256


def test_two_persons_where_the_policy_says_two(
    prepared: PreparedCertificate, riitta: Person, raimo: Person, now: datetime, settings: Settings
) -> None:
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    assert not approve_by(riitta, prepared, now).complete
    assert not approve_by(riitta, prepared, now).complete  # the same person twice counts once
    assert approve_by(raimo, prepared, now).complete
    assert Approval.objects.count() == 2


def test_two_persons_found_to_be_one_count_once(
    prepared: PreparedCertificate, riitta: Person, raimo: Person, now: datetime, settings: Settings
) -> None:
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    approve_by(riitta, prepared, now)
    approve_by(raimo, prepared, now)
    raimo.merged_into = riitta
    raimo.save(update_fields=["merged_into"])
    assert not approval_state(prepared).complete


@pytest.mark.parametrize("mark", ["person", "address"])
def test_who_is_found_to_have_had_a_part_in_the_order_does_not_count(
    prepared: PreparedCertificate, riitta: Person, kalle: Person, now: datetime, mark: str
) -> None:
    """Riitta began the order under another identity, which was merged with hers after she
    approved it.
    """
    part = f"person:{kalle.pk}" if mark == "person" else address_mark(kalle.email)
    prepared.concerned = [part]
    with unkept():
        prepared.save(update_fields=["concerned"])
    assert approve_by(riitta, prepared, now).complete
    kalle.merged_into = riitta
    kalle.save(update_fields=["merged_into"])
    assert not approval_state(prepared).complete


def test_approval_of_who_was_named_in_the_order_does_not_count_under_another_address(
    prepared: PreparedCertificate, riitta: Person, raimo: Person, now: datetime, settings: Settings
) -> None:
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    approve_by(riitta, prepared, now)
    prepared.concerned = [address_mark(riitta.email)]
    with unkept():
        prepared.save(update_fields=["concerned"])
    people.verify(riitta, "riitta.uusi@example.fi", now=now)

    with pytest.raises(Concerned):
        approve_by(riitta, prepared, now)
    assert not approve_by(raimo, prepared, now).complete


def test_only_reviewers_approve(
    prepared: PreparedCertificate, matti: Person, now: datetime
) -> None:
    with pytest.raises(NotReviewer):
        approve_by(matti, prepared, now)


def test_nobody_approves_for_their_own_organisation(
    prepared: PreparedCertificate, riitta: Person, pharmacy: Organisation, now: datetime
) -> None:
    join(riitta, pharmacy)
    with pytest.raises(OwnOrganisation):
        approve_by(riitta, prepared, now)


@pytest.mark.parametrize("days_ago", [1, 364])
def test_nobody_approves_for_an_organisation_they_left_lately(
    prepared: PreparedCertificate,
    riitta: Person,
    pharmacy: Organisation,
    now: datetime,
    days_ago: int,
) -> None:
    left(join(riitta, pharmacy), now - timedelta(days=days_ago))
    with pytest.raises(OwnOrganisationLately):
        approve_by(riitta, prepared, now)


def test_who_left_the_organisation_long_ago_may_approve(
    prepared: PreparedCertificate, riitta: Person, pharmacy: Organisation, now: datetime
) -> None:
    left(join(riitta, pharmacy), now - timedelta(days=366))
    assert approve_by(riitta, prepared, now).complete


def test_what_one_did_under_a_login_merged_since_counts_too(
    prepared: PreparedCertificate,
    riitta: Person,
    matti: Person,
    pharmacy: Organisation,
    now: datetime,
) -> None:
    left(matti.memberships.get(), now - timedelta(days=30))
    matti.merged_into = riitta
    matti.save(update_fields=["merged_into"])
    with pytest.raises(OwnOrganisationLately):
        approve_by(riitta, prepared, now)


def left(membership: Membership, at: datetime) -> None:
    membership.begun_at, membership.ended_at = at - timedelta(days=90), at
    with unkept():
        membership.save(update_fields=["begun_at", "ended_at"])


def test_approval_is_for_the_bytes_seen(
    prepared: PreparedCertificate, riitta: Person, now: datetime
) -> None:
    with pytest.raises(OtherBytes):
        services.approve(
            prepared.pk,
            person=riitta,
            reauthenticated_at=now,
            expected_sha256="0" * 64,
            now=now,
        )


@pytest.mark.parametrize("age", [timedelta(minutes=16), timedelta(minutes=-1)])
def test_the_person_has_identified_lately(
    prepared: PreparedCertificate, riitta: Person, now: datetime, age: timedelta
) -> None:
    with pytest.raises(ReauthenticationTooOld):
        services.approve(
            prepared.pk,
            person=riitta,
            reauthenticated_at=now - age,
            expected_sha256=prepared.tbs_sha256,
            now=now,
        )


def test_void_and_expired_attempts_cannot_be_approved(
    prepared: PreparedCertificate, riitta: Person, now: datetime
) -> None:
    with pytest.raises(NotOpen):
        approve_by(riitta, prepared, prepared.expires_at)
    services.void(prepared.reference, "csr_replaced", actor=system("test"), now=now)
    with pytest.raises(NotOpen):
        approve_by(riitta, prepared, now)


def test_a_new_attempt_starts_without_approvals(
    approved: PreparedCertificate, order: CertificateOrder, now: datetime
) -> None:
    assert approval_state(services.prepare(order, now=now)).given == 0


def test_a_refused_try_is_on_record(
    prepared: PreparedCertificate, matti: Person, now: datetime
) -> None:
    with pytest.raises(NotReviewer):
        approve_by(matti, prepared, now)
    event = Event.objects.get(action="issuance.approved")
    assert event.refused
    assert event.data["reason"] == "NotReviewer"


def test_an_approval_falls_with_the_role(
    approved: PreparedCertificate, riitta: Person, now: datetime
) -> None:
    StaffRole.objects.filter(person=riitta).update(ended_at=now)
    assert not approval_state(approved).complete
