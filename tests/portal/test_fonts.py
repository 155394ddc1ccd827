"""The typeface is made small from its package, under a name the licence allows."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from certportal.foundation.web import fonts


@pytest.fixture
def finder(settings: object, tmp_path: Path) -> fonts.FontFinder:
    """A finder with an empty cache."""
    settings.PORTAL_DATA = tmp_path  # type: ignore[attr-defined]
    return fonts.FontFinder()


def test_font_is_small_and_speaks_our_languages(finder: fonts.FontFinder) -> None:
    """Under 40 kB, with the letters of Finnish, Swedish and Sámi names."""
    made = Path(finder.find(fonts.SERVED_AS))
    assert made.stat().st_size < 40_000
    letters = TTFont(made).getBestCmap()
    assert all(ord(letter) in letters for letter in "ÅÄÖåäöŠšŽžŋđ€–”…")


def test_reserved_name_is_not_kept(finder: fonts.FontFinder) -> None:
    """The licence keeps "Source" for the unmodified font; its notice stays inside."""
    names = TTFont(finder.find(fonts.SERVED_AS))["name"]
    assert names.getDebugName(1) == "Portal Sans"
    assert "Adobe" in names.getDebugName(0)


def test_collecting_lists_it_and_nothing_else_is_found(finder: fonts.FontFinder) -> None:
    """One file only."""
    assert [path for path, _storage in finder.list([])] == [fonts.SERVED_AS]
    assert finder.find("portal/base.css") == []
    assert finder.find(fonts.SERVED_AS, find_all=True) == [finder.find(fonts.SERVED_AS)]
