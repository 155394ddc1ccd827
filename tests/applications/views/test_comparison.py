"""The three columns explain every difference, lengths and characters included."""

import pytest

from applications.views.shared.comparison import Cell, _registered


@pytest.mark.parametrize(
    ("known", "certified", "verdict", "says"),
    [
        ("A" * 70, "A" * 20, "differs", "70"),
        ("Šibenik Łódź Oy", "Sibenik Lodz Oy", "differs", "Ł"),
        ("Käpylän apteekki", "", "left_out", "."),
    ],
)
def test_a_name_written_in_another_way_is_explained(known, certified, verdict, says):
    cell = _registered(known, certified)
    assert cell.verdict == verdict
    assert says in cell.note


def test_a_name_that_stands_as_it_is_needs_no_words():
    assert _registered("Käpylän apteekki", "Käpylän apteekki") == Cell("Käpylän apteekki")
