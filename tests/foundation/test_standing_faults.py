"""A fault that is found again each second is told when it changes, and then seldom."""

import pytest

from certportal.foundation import standing_faults


def test_it_is_told_when_it_begins_changes_and_ends_and_else_each_ten_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = [1000.0]
    monkeypatch.setattr(standing_faults.time, "monotonic", lambda: moment[0])
    standing = standing_faults.Standing()

    def told(*found: str) -> list[bool]:
        seen = []
        for words in found:
            seen.append(standing.is_news(words))
            moment[0] += 1
        return seen

    assert told("", "") == [False, False]
    assert told("full", "full", "gone", "gone", "full") == [True, False, True, False, True]
    moment[0] += standing_faults.REPEATED_EVERY
    assert told("full", "full") == [True, False]
    assert told("", "", "full") == [True, False, True]
