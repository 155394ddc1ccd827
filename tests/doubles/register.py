"""A register source without a network."""

from dataclasses import dataclass, field
from datetime import date

from accounts.register.source.client import Download
from accounts.register.source.rows import Row


@dataclass
class MemoryClient:
    """Test double: returns the given rows; ``asked`` lists ``modified_since`` of each call."""

    rows: list[Row] = field(default_factory=list)
    fault: Exception | None = None
    asked: list[date | None] = field(default_factory=list)
    source: str = "memory"

    def download(
        self, *, modified_since: date | None = None, valid_on: date | None = None
    ) -> Download:
        """The given rows (only those valid on the day), or the given fault raised."""
        self.asked.append(modified_since)
        if self.fault is not None:
            raise self.fault
        rows = [row for row in self.rows if valid_on is None or row.is_valid(valid_on)]
        return Download(rows, 1)
