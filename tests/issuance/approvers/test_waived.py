"""A certificate that rests on a waiver is signed if an enrolled reviewer has signed the waiver."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Person
from certportal.foundation import clock
from issuance import services
from issuance.approvers.waived import ToWaive, Waived, digest_of
from issuance.models import Approval, PreparedCertificate
from issuance.services.issuing import to_sign
from tests.doubles.passkey import Passkey
from tests.issuance.approvers.conftest import approve, ended, refused
from tests.tables import rewrite

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("production")]
LAST = date(2026, 12, 31)
UNTIL = clock.start_of_day(LAST + timedelta(days=1))

type ApproveOn = Callable[..., PreparedCertificate]


@pytest.fixture
def it(attempt: PreparedCertificate) -> ToWaive:
    """A waiver on the order of the attempt."""
    params = {"value": "1.2.246.10.2", "root": "1.2.246.10.1"}
    rule = "order.system_oid_outside"
    return ToWaive(attempt.reference, 1, rule, params, digest_of("Sopimus nähty."), LAST)


@pytest.fixture
def approve_on(
    attempt: PreparedCertificate,
    riitta: Person,
    riittas: Passkey,
    raimo: Person,
    raimos: Passkey,
    now: datetime,
) -> ApproveOn:
    """Riitta and Raimo approve it on a waiver."""

    def act(waived: Waived, **policy: Any) -> PreparedCertificate:
        policy = {"persons": 2, "until": UNTIL, "waivers": [waived], **policy}
        for person, passkey in ((riitta, riittas), (raimo, raimos)):
            signed = passkey.sign(to_sign.challenge(attempt, **policy))
            approve(attempt, person, signed, now, **policy)
        return attempt

    return act


def test_what_two_approve_on_a_signed_waiver_is_issued(
    it: ToWaive, riittas: Passkey, approve_on: ApproveOn, now: datetime
) -> None:
    attempt = approve_on(Waived(it, riittas.sign(it.challenge)))
    assert services.issue(attempt.reference, now=now) is not None


def test_the_passkey_that_signed_it_may_have_been_ended_since(
    it: ToWaive,
    raimos: Passkey,
    approve_on: ApproveOn,
    enrolled: Callable[..., object],
    raimo: Person,
    now: datetime,
) -> None:
    signed = Waived(it, raimos.sign(it.challenge))
    ended(raimos, now - timedelta(hours=2))
    enrolled(raimo, raimos, now=now - timedelta(hours=1))
    assert services.issue(approve_on(signed).reference, now=now) is not None


def test_a_waiver_that_nobody_signed_signs_nothing(
    it: ToWaive, approve_on: ApproveOn, now: datetime
) -> None:
    assert refused(approve_on(Waived(it, None)), now)


def test_what_was_signed_for_one_waiver_serves_for_no_other(
    it: ToWaive, riittas: Passkey, approve_on: ApproveOn, now: datetime
) -> None:
    """The first was withdrawn, and its answer is given again with the same words."""
    assert refused(approve_on(Waived(replace(it, number=2), riittas.sign(it.challenge))), now)


def test_what_was_waived_on_one_order_serves_for_no_other(
    it: ToWaive, riittas: Passkey, approve_on: ApproveOn, now: datetime
) -> None:
    other = replace(it, reference=uuid4())
    assert refused(approve_on(Waived(other, riittas.sign(other.challenge))), now)


@pytest.mark.parametrize("name", [b"another key", b"riitta's key"])
def test_a_passkey_that_was_never_enrolled_waives_nothing(
    it: ToWaive, approve_on: ApproveOn, name: bytes, now: datetime
) -> None:
    stranger = Passkey(name=name)
    assert refused(approve_on(Waived(it, stranger.sign(it.challenge))), now)


@pytest.mark.parametrize(
    "policy", [{"persons": 1}, {"until": None}, {"until": UNTIL + timedelta(seconds=1)}]
)
def test_it_takes_two_persons_and_ends_when_the_waiver_does(
    it: ToWaive, riittas: Passkey, approve_on: ApproveOn, policy: dict[str, Any], now: datetime
) -> None:
    assert refused(approve_on(Waived(it, riittas.sign(it.challenge)), **policy), now)


@pytest.mark.parametrize("changed", [None, [], [{}], [{"reference": "x"}]])
def test_the_waiver_that_was_approved_on_cannot_be_taken_away_or_spoilt(
    it: ToWaive, riittas: Passkey, approve_on: ApproveOn, changed: Any, now: datetime
) -> None:
    attempt = approve_on(Waived(it, riittas.sign(it.challenge)))
    rewrite(Approval.objects, waivers=changed)
    assert refused(attempt, now)
