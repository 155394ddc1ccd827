"""Bars drawn on the server, each in two parts of which one stands on the other."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, STEP, WIDE = 120, 40, 26
"""The drawing in its own units: how high, from bar to bar, and how wide a bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a bar stands, and the tops (from above) and heights of its lower and upper part."""

    x: int
    top: int
    low: int
    above: int
    high: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """All bars; the highest one is as high as the drawing."""

    bars: list[Bar]
    height: int = HEIGHT
    wide: int = WIDE

    @property
    def width(self) -> int:
        """How wide the drawing is."""
        return STEP * len(self.bars)


def drawn(values: Sequence[tuple[float, float]]) -> Drawing:
    """Return the bars of these values, the value of the lower part first."""
    most = max([1.0, *(low + high for low, high in values)])
    bars = []
    for place, (low, high) in enumerate(values):
        whole, lower = round(HEIGHT * (low + high) / most), round(HEIGHT * low / most)
        bars.append(Bar(STEP * place, HEIGHT - lower, lower, HEIGHT - whole, whole - lower))
    return Drawing(bars)
