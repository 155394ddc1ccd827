"""Bar charts computed on the server; each bar has a lower and an upper part."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, STEP, WIDE = 120, 40, 26
"""The chart's height, the distance from bar to bar, and a bar's width, in SVG units."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in SVG units: `x`; y and height of the lower part (`top`, `low`) and the upper one."""

    x: int
    top: int
    low: int
    above: int
    high: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart; its highest bar has the full height."""

    bars: list[Bar]
    height: int = HEIGHT
    wide: int = WIDE

    @property
    def width(self) -> int:
        """The chart's width in SVG units."""
        return STEP * len(self.bars)

    @property
    def is_empty(self) -> bool:
        """Whether no bar has any height."""
        return not any(bar.low or bar.high for bar in self.bars)


def drawn(values: Sequence[tuple[float, float]]) -> Drawing:
    """Return the chart of these values: (lower part, upper part) for each bar."""
    most = max([1.0, *(low + high for low, high in values)])
    bars = []
    for index, (low, high) in enumerate(values):
        whole, lower = round(HEIGHT * (low + high) / most), round(HEIGHT * low / most)
        bars.append(Bar(STEP * index, HEIGHT - lower, lower, HEIGHT - whole, whole - lower))
    return Drawing(bars)
