"""A row that cannot be handled keeps none of the others waiting."""

import pytest

from certportal.foundation.outbox.jobs import for_each


def test_all_are_done_and_the_failure_is_raised_at_the_end():
    done = []

    def act(key):
        if key in {2, 4}:
            raise ValueError(key)
        done.append(key)

    with pytest.raises(ValueError, match="2"):
        for_each([1, 2, 3, 4, 5], act)
    assert done == [1, 3, 5]


def test_nothing_is_raised_when_all_goes_well():
    done = []
    for_each(range(3), done.append)
    assert done == [0, 1, 2]
