"""Approving many attempts with one look: a row for each, and the same refusals."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Organisation, Person
from certportal.foundation.models import Event
from issuance import services
from issuance.models import Approval, IssuingCA, PreparedCertificate
from issuance.services.errors import NotOpen, NotReviewer, OtherBytes, ReauthenticationTooOld
from tests.issuance.conftest import approve_by, join
from tests.issuance.orders import server_order


@pytest.fixture
def many(
    cas: dict[str, IssuingCA], pharmacy: Organisation, kalle: Person, now: datetime
) -> list[PreparedCertificate]:
    """Two attempts of the pharmacy and one of Kalle's organisation."""
    other = kalle.memberships.get().organisation
    orders = [server_order(pharmacy), server_order(pharmacy), server_order(other)]
    return services.prepare_all(orders, now=now)


def shown(attempts: list[PreparedCertificate]) -> dict[int, str]:
    return {each.pk: each.tbs_sha256 for each in attempts}


def approve(attempts: dict[int, str], who: Person, now: datetime) -> set[int]:
    fresh = now - timedelta(minutes=1)
    return services.approve_all(attempts, person=who, reauthenticated_at=fresh, now=now)


def test_each_has_its_row_and_its_event(
    many: list[PreparedCertificate], riitta: Person, now: datetime
) -> None:
    approve_by(riitta, many[0], now)
    assert approve(shown(many), riitta, now) == {each.pk for each in many}
    assert approve(shown(many), riitta, now) == {each.pk for each in many}
    assert Approval.objects.filter(person=riitta).count() == len(many)
    assert Event.objects.filter(action="issuance.approved").count() == len(many)
    assert all(services.issue_all([each.reference for each in many], now=now))


def test_those_of_one_s_own_organisation_are_left_to_others(
    many: list[PreparedCertificate], riitta: Person, pharmacy: Organisation, now: datetime
) -> None:
    left = join(riitta, pharmacy)
    left.ended_at = now - timedelta(days=30)
    left.save()
    assert approve(shown(many), riitta, now) == {many[2].pk}


def test_one_of_other_bytes_keeps_all_back(
    many: list[PreparedCertificate], riitta: Person, now: datetime
) -> None:
    with pytest.raises(OtherBytes):
        approve(shown(many) | {many[1].pk: "0" * 64}, riitta, now)
    assert not Approval.objects.exists()


def test_void_unknown_and_old_ones_keep_all_back(
    many: list[PreparedCertificate], riitta: Person, now: datetime
) -> None:
    with pytest.raises(NotOpen):
        approve(shown(many) | {0: "0" * 64}, riitta, now)
    with pytest.raises(NotOpen):
        approve(shown(many), riitta, many[0].expires_at)
    services.prepare(server_order(many[0].organisation, reference=many[0].reference), now=now)
    with pytest.raises(NotOpen):
        approve(shown(many), riitta, now)
    assert not Approval.objects.exists()


def test_only_reviewers_just_identified(
    many: list[PreparedCertificate], riitta: Person, kalle: Person, now: datetime
) -> None:
    with pytest.raises(NotReviewer):
        approve(shown(many), kalle, now)
    long_ago = now - timedelta(hours=1)
    with pytest.raises(ReauthenticationTooOld):
        services.approve_all(shown(many), person=riitta, reauthenticated_at=long_ago, now=now)
