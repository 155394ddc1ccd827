"""The source of the mirror: a seam with the code server behind it, and its in-memory double."""

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, cast

from django.utils.module_loading import import_string

from accounts.register import conf
from accounts.register.rows import Row


@dataclass(frozen=True)
class Download:
    """A whole answer of the source: each (code, validity period) once, from how many pages."""

    rows: list[Row]
    pages: int


class RegisterClient(Protocol):
    """What the mirror asks of a source, which names itself: a delta rests on its own runs only."""

    @property
    def source(self) -> str:
        """Where rows come from, the same at every run."""

    def download(
        self, *, modified_since: date | None = None, valid_on: date | None = None
    ) -> Download:
        """Every row whatever its status, or those modified since, or valid on, a day.

        Raises:
            Unavailable: the source does not answer, or not with a register.
        """


@dataclass
class MemoryClient:
    """The double: answers with the rows it was given; ``asked`` keeps the days it was asked for."""

    rows: list[Row] = field(default_factory=list)
    fault: Exception | None = None
    asked: list[date | None] = field(default_factory=list)
    source: str = "memory"

    def download(
        self, *, modified_since: date | None = None, valid_on: date | None = None
    ) -> Download:
        """The rows given (those valid on the day), or the fault given."""
        self.asked.append(modified_since)
        if self.fault is not None:
            raise self.fault
        rows = [row for row in self.rows if valid_on is None or row.is_valid(valid_on)]
        return Download(rows, 1)


def load_client() -> RegisterClient | None:
    """The client that settings choose, None where nothing is fetched."""
    path = conf.value("BACKEND")
    if not path:
        return None
    return cast(RegisterClient, import_string(path)(**conf.value("OPTIONS")))
