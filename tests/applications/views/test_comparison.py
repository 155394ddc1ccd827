"""The three columns explain every difference, lengths and characters included."""

import pytest

from applications.views.comparison import Cell, _registered


@pytest.mark.parametrize(
    ("known", "certified", "says"),
    [
        ("A" * 70, "A" * 20, "70"),
        ("Šibenik Łódź Oy", "Sibenik Lodz Oy", "Ł"),
        ("Käpylän apteekki", "", "."),
    ],
)
def test_a_name_written_in_another_way_is_explained(known, certified, says):
    cell = _registered(known, certified)
    assert cell.verdict == "differs"
    assert says in cell.note


def test_a_name_that_stands_as_it_is_needs_no_words():
    assert _registered("Käpylän apteekki", "Käpylän apteekki") == Cell("Käpylän apteekki")
