"""Each look of a text has its contrast measured, and only until a text that looks so has passed."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests import accessibility

GREY = "color: rgb(150, 150, 150)"  # enough on black, too little on white
LONG = "Tilaus on lähetetty ja se käsitellään."


@pytest.fixture(autouse=True)
def _nothing_measured(monkeypatch):
    monkeypatch.setattr(accessibility, "_passed", set())


@pytest.fixture
def contrast(page):
    """Return which texts of a page have too little contrast."""

    def of(body):
        lang = "<html lang=fi><title>Sivu</title>"
        page.set_content(f"{lang}<body style='background: white'><main>{body}</main>")
        page.evaluate(f"{AXE_SCRIPT};0")  # no server answers these pages
        found = accessibility.axe_faults(page)
        return [one for one in found if one.startswith("color-contrast")]

    return of


def on(colour, inside, more=""):
    return f"<div style='background: {colour}; {more}'>{inside}</div>"


def test_a_look_that_passed_is_not_measured_again_and_another_is(contrast, page):
    good = on("black", f"<p style='{GREY}'>{LONG}</p>")
    assert contrast(good) == []
    looks = set(accessibility._passed)
    assert looks
    assert contrast(good + good) == []
    assert accessibility._passed == looks


@pytest.mark.parametrize(
    "bad",
    [
        f"<p style='{GREY}'>{LONG}</p>",
        on("white", f"<p style='{GREY}'>{LONG}</p>"),
        on("black", on("white", f"<p style='{GREY}'>{LONG}</p>")),
        on("black", f"<p style='{GREY}; opacity: 0.5'>{LONG}</p>"),
        on("black", f"<p style='color: rgb(60, 60, 60)'>{LONG}</p>"),
        on("black", f"<p style='{GREY}; background: white'>{LONG}</p>"),
        on("black", f"<p style='{GREY}'><span style='color: #333'>{LONG}</span></p>"),
        on("black", f"<label>Nimi <input value=Matti style='{GREY}; background: white'></label>"),
        on("black", "", "height: 4em")
        + f"<p style='{GREY}; position: absolute; top: 9em; background: white'>{LONG}</p>",
    ],
)
def test_what_looks_otherwise_is_found_after_what_passed(contrast, bad):
    assert contrast(on("black", f"<p style='{GREY}'>{LONG}</p>")) == []
    assert len(contrast(bad)) == 1


def test_a_text_that_failed_or_was_exempt_is_measured_again(contrast):
    bad = f"<p style='{GREY}'>{LONG}</p>"
    assert [len(contrast(bad)), len(contrast(bad))] == [1, 1]
    button = f"<button style='{GREY}; background: white'"
    assert contrast(f"{button} disabled>Lähetä</button>") == []
    assert len(contrast(f"{button}>Lähetä</button>")) == 1


def test_moved_text_is_measured_each_time_since_it_may_stand_on_anything(contrast):
    moved = f"<p style='{GREY}; position: absolute; top: 1em; margin: 0'>{LONG}</p>"
    assert contrast(on("black", moved, "height: 9em")) == []
    assert len(contrast(on("black", moved, "margin-top: 9em"))) == 1
