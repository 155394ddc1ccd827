"""Bar charts computed on the server; each bar has a lower and an upper part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

HEIGHT, STEP, WIDE = 120, 40, 26
"""The height of the highest bar, the distance from bar to bar, and a bar's width, in SVG units."""
HAIRLINE = 2
"""The least height of a bar by which one sees that something was measured, be it 0."""
LABELLED = 8
"""A chart with more bars than this has a label under each second or third one, and so on."""
_CHARACTER = 0.6
"""The width of a character as a part of its height."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in SVG units: `x`; y and height of the lower part (`top`, `low`) and the upper one.

    `value` is the sum of both parts; `label` stands under the bar, empty under most of many bars.
    """

    x: int
    top: int
    low: int
    above: int
    high: int
    value: float
    label: str

    @property
    def middle(self) -> int:
        """The x coordinate of its texts."""
        return self.x + WIDE // 2


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart in SVG units: its bars stand on y = `height`, with their values above them."""

    bars: list[Bar]
    height: int = HEIGHT
    wide: int = WIDE

    @property
    def width(self) -> int:
        return STEP * len(self.bars)

    @property
    def label_size(self) -> int:
        """The height of the labels: larger in a wide chart, which a narrow screen shows smaller."""
        return min(max(14, self.width // 30), 28)

    @property
    def value_size(self) -> int:
        """The height of the values, of which each has room above its bar."""
        longest = max((len(f"{round(bar.value, 1):g}") for bar in self.bars), default=1)
        return min(self.label_size, int(STEP / (_CHARACTER * longest)))

    @property
    def labels_at(self) -> int:
        """The y coordinate of the labels' baseline."""
        return self.height + self.label_size

    @property
    def viewed(self) -> int:
        """The whole height: values, bars and labels."""
        labels = self.label_size * 1.4 if any(bar.label for bar in self.bars) else 1
        return round(self.value_size + self.height + labels)

    @property
    def is_empty(self) -> bool:
        return not any(bar.low or bar.high for bar in self.bars)


def drawn(
    values: Sequence[tuple[float, float] | None], labels: Sequence[str] = (), *, least: int = 0
) -> Drawing:
    """Return the chart of these values, (lower part, upper part) for each bar, and their labels.

    Where nothing was measured, the value is None. `least`: the least height of any other bar.
    """
    most = max([1.0, *map(sum, filter(None, values))])
    every = -(-len(values) // LABELLED) or 1
    bars = []
    for index, value in enumerate(values):
        low, high = value or (0, 0)
        whole, lower = round(HEIGHT * (low + high) / most), round(HEIGHT * low / most)
        whole = max(whole, least) if value else 0
        label = labels[index] if labels and index % every == 0 else ""
        place = STEP * index + (STEP - WIDE) // 2
        parts = HEIGHT - lower, lower, HEIGHT - whole, whole - lower
        bars.append(Bar(place, *parts, low + high, label))
    return Drawing(bars)


def months(days: Iterable[date]) -> list[str]:
    """Return the labels of the months of these days, such as 11/26."""
    return [f"{day.month}/{day:%y}" for day in days]
