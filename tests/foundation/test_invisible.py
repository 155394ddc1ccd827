"""Characters that change how the rest of a line is shown are taken out of foreign texts."""

import pytest

from certportal.foundation.text import invisible


@pytest.mark.parametrize(
    "text", ["a \0 b", " a\u202e  \u2066 b ", "\0 a b \0", "a\n\x1f\tb", "\u200fa \u200e\u061cb"]
)
def test_words_stay_apart_by_one_space_and_a_second_time_changes_nothing(text):
    once = invisible.without(text)
    assert once == "a b"
    assert invisible.without(once) == once


def test_blank_is_what_shows_nothing():
    blank = ["", " ", "\u200b", "\u200d\u2060 \ufeff", "\u00ad\u0301", "\u3164\u2800"]
    blank += ["\U00013441\U00013442", "\U0001d159", "\u034f\u115f\uffa0", "\ufe0f\U000e0001\n"]
    assert [text for text in blank if not invisible.is_blank(text)] == []
    seen = ["a", "-", "\u200bÅ", "نی\u200cما", "e\u0301", "李"]
    assert [text for text in seen if invisible.is_blank(text)] == []
