"""The table of what the owner asks names files and tests that exist, for every statement."""

import re

import pytest

from tests.portal.named_in_docs import ROOT, named, those_in

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "mission.md").read_text().splitlines()
    if re.match(r"\| [PTKJ]\d+ \|", line)
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_is_asked_is_built_and_tested_where_the_table_says(row):
    _id, asked, built, shown = row
    assert asked
    assert named(built)
    assert named(shown)
    for file in named(built):
        assert (ROOT / file).is_file(), file
    for test in named(shown):
        file, _colons, name = test.partition("::")
        assert (ROOT / file).is_file(), file
        assert any(one.startswith("test_") for one in those_in(file)), file
        assert not name or name in those_in(file), test


def test_every_statement_has_a_row_and_each_row_a_number_of_its_own():
    ids = [row[0] for row in ROWS]
    expected = [
        f"{part}{n}"
        for part, last in (("P", 13), ("T", 21), ("K", 5), ("J", 20))
        for n in range(1, last + 1)
    ]
    assert ids == expected
