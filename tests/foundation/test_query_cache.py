"""What a page asks twice is asked once, and nothing is kept beyond the page."""

import pytest

from certportal.foundation.database.query_cache import asked_once, one_reading


@pytest.fixture
def asked():
    """A question that counts how often it was answered."""

    @asked_once
    def answer(name, *, day):
        answer.times += 1
        return [name, day]

    answer.times = 0
    return answer


def test_the_same_question_is_answered_once_while_a_page_is_read(asked):
    with one_reading():
        assert asked("a", day=1) is asked("a", day=1)
        assert asked("b", day=1) == ["b", 1]
        assert asked("a", day=2) == ["a", 2]
    assert asked.times == 3


def test_nothing_is_kept_where_no_page_is_read_or_for_the_next_one(asked):
    asked("a", day=1)
    asked("a", day=1)
    for _page in range(2):
        with one_reading():
            asked("a", day=1)
    assert asked.times == 4


def test_nothing_is_kept_after_a_page_that_failed(asked):
    @one_reading()
    def fail():
        asked("a", day=1)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    asked("a", day=1)
    assert asked.times == 2
