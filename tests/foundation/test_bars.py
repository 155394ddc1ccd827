"""Bar charts: the values above the bars and the labels under them."""

from datetime import date

from django.template.loader import render_to_string
from django.utils import translation

from certportal.foundation import clock
from certportal.foundation.web import bars


def shown(drawing: bars.Drawing, **given: str) -> str:
    with translation.override("fi"):
        page = render_to_string("components/bars.html", {"drawing": drawing, **given})
    return " ".join(page.split())


def test_each_value_stands_above_its_bar_and_months_under_them():
    months = [clock.add_months(date(2026, 1, 1), distance) for distance in range(12)]
    values = [(2.0, 1.5), *[(0.0, 0.0)] * 11]
    page = shown(bars.drawn(values, bars.months(months)))
    assert "> 3,5 </text>" in page
    assert "> 0 </text>" not in page
    assert "> 1/26 </text>" in page and "> 3/26 </text>" in page
    assert "> 2/26 </text>" not in page
    assert 'aria-hidden="true"' in page


def test_a_chart_with_words_is_read_aloud():
    assert 'role="img" aria-label="12/2026: 7"' in shown(bars.drawn([(7, 0)]), words="12/2026: 7")


def test_long_values_are_written_smaller_than_short_ones():
    short, long = bars.drawn([(7, 0)]), bars.drawn([(123_456, 0), (7, 0)])
    assert long.value_size < short.value_size <= short.label_size


def test_a_chart_of_zeros_is_told_in_words():
    assert "<svg" not in shown(bars.drawn([(0, 0)] * 12))


def test_what_took_no_time_is_told_from_where_nothing_was_measured():
    """Riitta decided at once in one month, and nothing was decided in the other."""
    drawing = bars.drawn([(0.0, 0.0), None, (6.0, 1.0)], least=bars.HAIRLINE)
    assert [bar.low + bar.high for bar in drawing.bars] == [bars.HAIRLINE, 0, bars.HEIGHT]
    assert shown(drawing).count("> 0 </text>") == 1
    at_once = bars.drawn([(0.0, 0.0), None], least=bars.HAIRLINE)
    assert "<svg" in shown(at_once)
    assert "<svg" not in shown(bars.drawn([None, None], least=bars.HAIRLINE))
