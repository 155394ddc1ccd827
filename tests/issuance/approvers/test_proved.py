"""The CA signs what enrolled approvers have signed, whatever the database says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Organisation, Person
from accounts.services.people import merge
from certportal.dev.builders import people
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.operations import self_checks
from issuance import journal, services
from issuance.approvers.assertion import Assertion
from issuance.approvers.proof import Proof
from issuance.event_names import IssuanceEvent
from issuance.models import Approval, Certificate, IssuingCA, PreparedCertificate
from issuance.services.approvers import register
from issuance.services.approvers.register import RegisterUnavailable
from issuance.services.errors import NotProved, OtherBytes
from issuance.services.issuing import to_sign
from tests.doubles.passkey import UP, Passkey
from tests.issuance.approvers.conftest import Enrol, add, approve, ended, refused
from tests.issuance.orders import server_order
from tests.tables import rewrite

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("production")]


def inserted(
    attempt: PreparedCertificate, who: Person, assertion: Assertion | None, now: datetime
) -> Approval:
    """Whoever owns the database inserts an approval, together with its event."""
    row = Approval.objects.create(
        prepared=attempt,
        person=who,
        role="reviewer",
        reauthenticated_at=now,
        assertion=Proof(assertion).to_json() if assertion else None,
        created_at=now,
    )
    events.record(IssuanceEvent.APPROVED, attempt, Actor("person", str(who.pk)), now)
    return row


def test_what_two_enrolled_persons_have_signed_is_issued(
    riitta_approved: PreparedCertificate, raimo: Person, raimos: Passkey, now: datetime
) -> None:
    approve(riitta_approved, raimo, raimos.sign(to_sign.challenge(riitta_approved)), now)
    assert services.issue(riitta_approved.reference, now=now) is not None


def test_an_approval_inserted_with_its_event_signs_nothing(
    riitta_approved: PreparedCertificate, raimo: Person, now: datetime
) -> None:
    inserted(riitta_approved, raimo, None, now)
    assert refused(riitta_approved, now)


def test_the_assertion_of_another_attempt_signs_nothing(
    riitta_approved: PreparedCertificate,
    pharmacy: Organisation,
    raimo: Person,
    raimos: Passkey,
    now: datetime,
) -> None:
    other = services.prepare(server_order(pharmacy), now=now)
    signed = raimos.sign(to_sign.challenge(other))
    with pytest.raises(OtherBytes):
        approve(riitta_approved, raimo, signed, now)
    inserted(riitta_approved, raimo, signed, now)
    assert refused(riitta_approved, now)


def test_one_person_s_assertion_is_not_another_s(
    riitta_approved: PreparedCertificate, raimo: Person, riittas: Passkey, now: datetime
) -> None:
    inserted(riitta_approved, raimo, riittas.sign(to_sign.challenge(riitta_approved)), now)
    assert refused(riitta_approved, now)


def test_two_passkeys_of_one_person_are_one_person(
    riitta_approved: PreparedCertificate,
    riitta: Person,
    raimo: Person,
    enrolled: Enrol,
    now: datetime,
) -> None:
    second = add(riitta, Passkey(name=b"riitta's second key"))
    enrolled(riitta, second, now=now - timedelta(hours=1))
    inserted(riitta_approved, raimo, second.sign(to_sign.challenge(riitta_approved)), now)
    assert refused(riitta_approved, now)


def test_one_passkey_is_one_person_whoever_the_database_says_was_merged_into_whom(
    riitta_approved: PreparedCertificate,
    riitta: Person,
    raimo: Person,
    matti: Person,
    riittas: Passkey,
    now: datetime,
) -> None:
    rewrite(Person.objects.filter(pk=raimo.pk), merged_into=riitta)
    inserted(riitta_approved, raimo, riittas.sign(to_sign.challenge(riitta_approved)), now)
    rewrite(Person.objects.filter(pk=riitta.pk), merged_into=matti)
    assert refused(riitta_approved, now)


def test_a_passkey_that_the_database_alone_knows_signs_nothing(
    riitta_approved: PreparedCertificate, raimo: Person, now: datetime
) -> None:
    own = add(raimo, Passkey(name=b"a key of somebody else"))
    approve(riitta_approved, raimo, own.sign(to_sign.challenge(riitta_approved)), now)
    assert refused(riitta_approved, now)


def test_an_ended_passkey_signs_nothing(
    riitta_approved: PreparedCertificate,
    raimo: Person,
    raimos: Passkey,
    enrolled: Enrol,
    now: datetime,
) -> None:
    approve(riitta_approved, raimo, raimos.sign(to_sign.challenge(riitta_approved)), now)
    ended(raimos, now)
    enrolled(raimo, add(raimo, Passkey(name=b"raimo's second key")), now=now)
    assert refused(riitta_approved, now)


def test_while_fewer_are_enrolled_than_must_approve_orders_wait_and_health_names_it(
    riitta_approved: PreparedCertificate,
    raimo: Person,
    raimos: Passkey,
    enrolled: Enrol,
    now: datetime,
) -> None:
    """One passkey is for the test hierarchy alone, and so of no use."""
    approve(riitta_approved, raimo, raimos.sign(to_sign.challenge(riitta_approved)), now)
    assert self_checks.SELF_CHECKS["ca"]["approvers"]()
    ended(raimos, now)
    enrolled(raimo, raimos, environments=["test"], now=now)
    with pytest.raises(RegisterUnavailable, match="1 of 2 persons for production"):
        services.issue(riitta_approved.reference, now=now)
    assert not self_checks.SELF_CHECKS["ca"]["approvers"]()
    services.void(riitta_approved.reference, "withdrawn", actor=system("test"), now=now)
    assert self_checks.SELF_CHECKS["ca"]["approvers"](), "nothing waits for it"


def test_what_waits_for_the_register_holds_up_no_order_that_does_not_rest_on_it(
    riitta_approved: PreparedCertificate,
    pharmacy: Organisation,
    riitta: Person,
    raimos: Passkey,
    now: datetime,
) -> None:
    ended(raimos, now)
    test = services.prepare(server_order(pharmacy, profile_id="test_server"), now=now)
    approve(test, riitta, None, now)
    with pytest.raises(RegisterUnavailable):
        services.issue_all_confirmed(
            [riitta_approved.reference, test.reference], confirmed_at=now, now=now
        )
    assert Certificate.objects.get().reference == test.reference


def test_a_passkey_enrolled_after_the_approval_signs_nothing(
    riitta_approved: PreparedCertificate, raimo: Person, enrolled: Enrol, now: datetime
) -> None:
    late = add(raimo, Passkey(name=b"raimo's second key"))
    approve(riitta_approved, raimo, late.sign(to_sign.challenge(riitta_approved)), now)
    later = now + timedelta(minutes=1)
    enrolled(raimo, late, now=later)
    assert refused(riitta_approved, later)


def test_a_passkey_enrolled_for_the_test_hierarchy_signs_no_production(
    riitta_approved: PreparedCertificate, raimo: Person, enrolled: Enrol, now: datetime
) -> None:
    testing = add(raimo, Passkey(name=b"raimo's second key"))
    enrolled(raimo, testing, environments=["test"], now=now - timedelta(hours=1))
    approve(riitta_approved, raimo, testing.sign(to_sign.challenge(riitta_approved)), now)
    assert refused(riitta_approved, now)


@pytest.mark.parametrize(
    "told", [{"flags": UP}, {"origin": "https://evil.example.fi"}, {"type": "webauthn.create"}]
)
def test_without_verification_or_from_elsewhere_it_signs_nothing(
    riitta_approved: PreparedCertificate,
    raimo: Person,
    raimos: Passkey,
    told: dict[str, Any],
    now: datetime,
) -> None:
    signed = raimos.sign(to_sign.challenge(riitta_approved), **told)
    approve(riitta_approved, raimo, signed, now)
    assert refused(riitta_approved, now)


def test_a_passkey_that_was_enrolled_for_a_record_merged_since_is_the_person_s_own(
    attempt: PreparedCertificate,
    riitta: Person,
    riittas: Passkey,
    raimo: Person,
    raimos: Passkey,
    now: datetime,
) -> None:
    """Riitta's record went into another one of hers; she and Raimo are two persons still."""
    other = people.make_reviewer("Riitta Kolmas", now=now)
    merge.merge(riitta, into=other, actor=system("test"), now=now)
    approve(attempt, other, riittas.sign(to_sign.challenge(attempt)), now)
    approve(attempt, raimo, raimos.sign(to_sign.challenge(attempt)), now)
    assert services.issue(attempt.reference, now=now) is not None


def test_a_proof_that_was_spoilt_signs_nothing(
    riitta_approved: PreparedCertificate, raimo: Person, raimos: Passkey, now: datetime
) -> None:
    signed = raimos.sign(to_sign.challenge(riitta_approved))
    inserted(riitta_approved, raimo, replace(signed, signature=b"\0" * 70), now)
    rewrite(Approval.objects.filter(person=raimo), assertion={"id": "?"})
    assert refused(riitta_approved, now)


@pytest.mark.parametrize("changed", [{"persons": 1}, {"until": None}])
def test_what_was_signed_with_it_cannot_be_changed_afterwards(
    riitta_approved: PreparedCertificate,
    raimo: Person,
    raimos: Passkey,
    changed: dict[str, Any],
    now: datetime,
) -> None:
    """Raimo's approval rests on a waiver until tomorrow and wants a second person."""
    policy: dict[str, Any] = {"persons": 2, "until": now + timedelta(days=1)}
    signed = raimos.sign(to_sign.challenge(riitta_approved, **policy))
    approve(riitta_approved, raimo, signed, now, **policy)
    rewrite(Approval.objects.filter(person=raimo), **changed)
    assert refused(riitta_approved, now)


def test_an_attempt_set_to_signing_in_the_database_waits_unsigned(
    riitta_approved: PreparedCertificate, now: datetime
) -> None:
    rewrite(PreparedCertificate.objects, state="signing")
    with pytest.raises(NotProved):
        services.issue(riitta_approved.reference, now=now)
    assert not list(journal.entries("sote-ec-1"))


def test_it_does_not_hold_up_those_that_were_approved_with_it(
    riitta_approved: PreparedCertificate,
    pharmacy: Organisation,
    riitta: Person,
    riittas: Passkey,
    raimo: Person,
    raimos: Passkey,
    now: datetime,
) -> None:
    other = services.prepare(server_order(pharmacy), now=now)
    for person, passkey in ((riitta, riittas), (raimo, raimos)):
        approve(other, person, passkey.sign(to_sign.challenge(other)), now)
    rewrite(PreparedCertificate.objects.exclude(pk=other.pk), state="signing")
    with pytest.raises(NotProved):
        services.issue_all_confirmed(
            [riitta_approved.reference, other.reference], confirmed_at=now, now=now
        )
    assert Certificate.objects.get().reference == other.reference


def test_an_attempt_said_to_be_of_the_test_hierarchy_signs_no_production(
    riitta_approved: PreparedCertificate, raimo: Person, now: datetime
) -> None:
    """The rows of attempt and CA say test; the key that would sign is production's."""
    inserted(riitta_approved, raimo, None, now)
    rewrite(PreparedCertificate.objects, environment="test", profile_id="test_server")
    rewrite(IssuingCA.objects.filter(stem="sote-test-ec-1"), state="retired")
    rewrite(IssuingCA.objects.filter(stem="sote-ec-1"), environment="test", generation=9)
    assert services.issue(riitta_approved.reference, now=now) is None
    assert not list(journal.entries("sote-ec-1"))


def test_a_register_that_cannot_be_read_lets_the_order_wait(
    riitta_approved: PreparedCertificate, raimo: Person, raimos: Passkey, now: datetime
) -> None:
    approve(riitta_approved, raimo, raimos.sign(to_sign.challenge(riitta_approved)), now)
    whole = register.path().read_bytes()
    register.path().write_bytes(whole[:-3])
    with pytest.raises(RegisterUnavailable):
        services.issue(riitta_approved.reference, now=now)
    register.path().write_bytes(whole)
    assert services.issue(riitta_approved.reference, now=now) is not None


def test_the_test_hierarchy_needs_no_proof_unless_it_is_wanted(
    pharmacy: Organisation, riitta: Person, site: Settings, now: datetime
) -> None:
    for wanted, issued in (("production", True), ("all", False)):
        site.APPROVERS_PROVE = wanted
        attempt = services.prepare(server_order(pharmacy, profile_id="test_server"), now=now)
        approve(attempt, riitta, None, now)
        assert (services.issue(attempt.reference, now=now) is not None) is issued


# ------------------------------------------------------------------ many at once


@pytest.fixture
def plan(pharmacy: Organisation, now: datetime) -> list[PreparedCertificate]:
    return services.prepare_all([server_order(pharmacy) for _ in range(3)], now=now)


@pytest.fixture
def approve_plan(now: datetime) -> Callable[..., set[int]]:
    """Approve all of the attempts with one assertion, about these or about others."""

    def act(
        attempts: list[PreparedCertificate],
        who: Person,
        passkey: Passkey,
        about: list[PreparedCertificate] | None = None,
    ) -> set[int]:
        ids = [each.pk for each in about or attempts]
        signed = passkey.sign(to_sign.plan_challenge(ids))
        return services.approve_all(
            {each.pk: each.tbs_sha256 for each in attempts},
            person=who,
            reauthenticated_at=now,
            proof=to_sign.plan_proof(ids, signed),
            now=now,
        )

    return act


def test_one_assertion_about_a_plan_proves_each_of_its_attempts(
    plan: list[PreparedCertificate],
    approve_plan: Callable[..., set[int]],
    riitta: Person,
    riittas: Passkey,
    raimo: Person,
    raimos: Passkey,
    now: datetime,
) -> None:
    approve_plan(plan, riitta, riittas)
    approve_plan(plan[:2], raimo, raimos, about=plan)
    issued = services.issue_all([each.reference for each in plan], now=now)
    assert [isinstance(each, Certificate) for each in issued] == [True, True, False]


def test_an_attempt_is_not_slipped_into_a_plan_that_was_signed(
    plan: list[PreparedCertificate],
    approve_plan: Callable[..., set[int]],
    pharmacy: Organisation,
    riitta: Person,
    riittas: Passkey,
    raimo: Person,
    raimos: Passkey,
    now: datetime,
) -> None:
    approve_plan(plan, riitta, riittas)
    approve_plan(plan, raimo, raimos)
    slipped = services.prepare(server_order(pharmacy), now=now)
    with pytest.raises(OtherBytes):
        approve_plan([slipped], raimo, raimos, about=plan)
    for row in Approval.objects.filter(prepared=plan[0]).order_by("pk"):
        theirs = inserted(slipped, row.person, None, now)
        rewrite(Approval.objects.filter(pk=theirs.pk), assertion=row.assertion)
    assert refused(slipped, now)
