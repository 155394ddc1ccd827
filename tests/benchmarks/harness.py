"""What a benchmark returns, and how it is shown: each figure beside its floor of the same run."""

import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median

from django.db import connection

from certportal.foundation import clock

END_OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

_notes: list[str] = []


@dataclass(frozen=True)
class Figure:
    """One measured figure. `ratio` is value over floor; `floor` is measured in the same run.

    `peer` names whose the floor is, where it is what another authority's program takes.
    """

    what: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    peer: str = ""


def figure(
    what: str, value: float, unit: str, floor: float | None = None, *, peer: str = ""
) -> Figure:
    """Return the figure with its ratio to the floor, or to the peer's figure in its place."""
    return Figure(what, value, unit, floor, value / floor if floor else None, peer)


def note(text: str) -> None:
    """Have a line told below the table, once: what was left out, and why."""
    if text not in _notes:
        _notes.append(text)


def percentile(values: Iterable[float], share: float) -> float:
    """Return the least value that so large a share of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[math.ceil(round(share * len(ordered), 9)) - 1]


@contextmanager
def own_database() -> Iterator[None]:
    """Work in a new database with all tables, which is removed again."""
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        with connection.cursor() as cursor:  # a browser's last request may hold one in its thread
            cursor.execute(END_OTHER_SESSIONS)
        connection.creation.destroy_test_db(name, verbosity=0)


def rate(work: Callable[[], object], *, seconds: float = 1.0) -> float:
    """Return how many times a second the work can be done, measured over the given time."""
    work()
    count, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        work()
        count += 1
    return count / passed


def cpu_rates(works: Sequence[Callable[[], object]], *, rounds: int = 15) -> list[float]:
    """Return how many times a second of CPU time each work can be done: the median of the rounds.

    The works take turns of some hundredths of a second, so that whatever else the machine does
    disturbs all alike, and the time that other programs take is not counted.
    """
    measured = [[_cpu_rate(work) for work in works] for _ in range(rounds)]
    return [median(column) for column in zip(*measured, strict=True)]


def _cpu_rate(work: Callable[[], object], *, seconds: float = 0.05) -> float:
    work()
    count, begun = 0, time.process_time()
    while (passed := time.process_time() - begun) < seconds:
        for _ in range(10):
            work()
        count += 10
    return count / passed


def show(figures: Sequence[Figure], *, as_json: bool) -> str:
    """Return the figures as a table for people or a JSON list of objects."""
    if as_json:
        return json.dumps([asdict(each) for each in figures], indent=1, ensure_ascii=False)
    rows = [("what", "value", "unit", "floor", "ratio"), *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    aligns = (str.ljust, str.rjust, str.ljust, str.rjust, str.rjust)
    aligned = (
        [align(cell, width) for align, cell, width in zip(aligns, row, widths, strict=True)]
        for row in rows
    )
    return "\n".join([*("  ".join(cells).rstrip() for cells in aligned), *_notes])


def as_markdown(name: str, figures: Sequence[Figure]) -> str:
    """Return the figures as a part of docs/performance.md, with the day and the machine."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    head = [
        f"## {name}",
        "",
        f"{clock.now():%d.%m.%Y}, {cores} cores, load {load:.1f}.",
        "",
        "| what | ours | unit | floor | peers | ratio | since |",
        "|---|---:|---|---:|---|---:|---|",
    ]
    today = f"{clock.now():%d.%m.%Y}"
    rows = (f"| {' | '.join([*_apart(each), today])} |" for each in figures)
    return "\n".join([*head, *rows, "", *(f"{each}\n" for each in _notes)])


def _apart(each: Figure) -> list[str]:
    """Return the cells of a row; a peer's figure stands apart from a floor, with its name."""
    what, value, unit, floor, ratio = _row(each)
    what = what.replace("|", r"\|")
    own, peers = ("", f"{each.peer}: {floor}") if each.peer else (floor, "")
    return [what, value, unit, own, peers, ratio]


def _row(each: Figure) -> tuple[str, str, str, str, str]:
    numbers = [each.value, each.floor, each.ratio]
    value, floor, ratio = ("" if number is None else f"{number:,.4g}" for number in numbers)
    return each.what, value, each.unit, floor, ratio
