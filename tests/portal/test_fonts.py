"""The typeface is made small from its package, under a name the licence allows."""

import re
from pathlib import Path

import pytest
from django.conf import settings as project
from fontTools.ttLib import TTFont

from certportal.foundation.web import fonts

STYLES = project.BASE_DIR / "static" / "portal"


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> fonts.FontFinder:
    """A finder that began with an empty cache; the font is made once for the file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "PORTAL_DATA", tmp_path_factory.mktemp("data"))
        return fonts.FontFinder()


def test_font_is_small_and_speaks_our_languages(finder: fonts.FontFinder) -> None:
    """Under 25 kB, with the letters of Finnish, Swedish and Sámi names."""
    made = Path(finder.find(fonts.SERVED_AS))
    assert made.stat().st_size < 25_000
    letters = TTFont(made).getBestCmap()
    assert all(ord(letter) in letters for letter in "ÅÄÖåäöŠšŽžŋđ€–”…")


def test_font_has_the_weights_that_the_style_sheets_use(finder: fonts.FontFinder) -> None:
    """And no others, which each visitor would fetch for nothing."""
    (axis,) = TTFont(finder.find(fonts.SERVED_AS))["fvar"].axes
    sheets = "\n".join(sheet.read_text() for sheet in STYLES.glob("*.css"))
    used = {int(weight) for weight in re.findall(r"font-weight: (\d+);", sheets)}
    lightest, boldest = fonts.WEIGHTS
    assert (axis.minValue, axis.maxValue) == fonts.WEIGHTS == (min(used), max(used))
    assert f"font-weight: {lightest} {boldest};" in sheets


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
