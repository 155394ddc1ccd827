"""What a passkey signs tells apart whatever is decided."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest

from issuance.approvers.challenge import (
    ToApprove,
    challenge_of,
    challenge_of_plan,
)
from issuance.approvers.waived import ToWaive, Waived, digest_of

REFERENCE = UUID("0198a3b2-0000-7000-8000-000000000001")
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
ORDER = ToApprove("ab" * 32, REFERENCE, 1, "production", 2, NOON)
WAIVED = ToWaive(
    REFERENCE,
    1,
    "order.system_oid_outside",
    {"value": "1.2.3"},
    digest_of("Asiat Åbossa"),
    date(2027, 1, 31),
)


def test_it_is_as_it_was_when_the_format_was_laid_down() -> None:
    assert challenge_of(ORDER).hex() == (
        "bdfc884df2bdb8d784246d10e0e7eda5d7c75d5f4d0511020dc7ddab396e659d"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"tbs_sha256": "cd" * 32},
        {"reference": UUID(int=1)},
        {"attempt": 2},
        {"environment": "test"},
        {"persons": 1},
        {"until": None},
        {"until": NOON + timedelta(microseconds=1)},
    ],
)
def test_another_order_attempt_or_policy_is_another_challenge(other: dict[str, object]) -> None:
    assert challenge_of(replace(ORDER, **other)) != challenge_of(ORDER)  # type: ignore[arg-type]


def test_the_same_moment_elsewhere_is_the_same_challenge() -> None:
    helsinki = NOON.astimezone(timezone(timedelta(hours=2)))
    assert challenge_of(replace(ORDER, until=helsinki)) == challenge_of(ORDER)


def test_a_plan_is_neither_one_of_its_orders_nor_another_plan() -> None:
    one, two = challenge_of(ORDER), challenge_of(replace(ORDER, attempt=2))
    assert len({one, two, challenge_of_plan([one]), challenge_of_plan([one, two])}) == 4
    assert challenge_of_plan([one, two]) == challenge_of_plan([two, one])


def test_an_approval_on_a_waiver_is_another_than_without_or_on_others() -> None:
    one, two = WAIVED.challenge, replace(WAIVED, number=2).challenge
    rests_on: list[tuple[bytes, ...]] = [(), (one,), (two,), (one, two)]
    found = {challenge_of(replace(ORDER, waivers=each)) for each in rests_on}
    assert len(found) == 4
    assert challenge_of(replace(ORDER, waivers=(two, one))) in found


@pytest.mark.parametrize(
    "other",
    [
        {"reference": UUID(int=1)},
        {"number": 2},
        {"rule": "order.host_declared"},
        {"params": {"value": "1.2.4"}},
        {"reason_sha256": digest_of("Asiat")},
        {"ends_on": date(2027, 2, 1)},
    ],
)
def test_a_waiver_is_of_its_order_number_finding_reason_and_end(other: dict[str, object]) -> None:
    changed = replace(WAIVED, **other)  # type: ignore[arg-type]
    assert changed.challenge != WAIVED.challenge
    assert Waived.parse(Waived(changed, None).to_json()) == Waived(changed, None)
