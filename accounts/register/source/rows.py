"""One row of a register as stated by its source, before it is stored in the mirror."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Row:
    """A unit or an intermediary; validity days are inclusive, None if open.

    ``business_id`` has a hyphen or is empty. ``sector`` is 1 public, 2 private, 3 private and
    self-registered, or None. ``attributes`` maps each attribute without a field of its own to
    its values. ``modified`` is when the source last changed it, as it writes it; "" if unknown.
    """

    oid: str
    long_name: str = ""
    abbreviation: str = ""
    parent_oid: str = ""
    provider_oid: str = ""
    business_id: str = ""
    municipality_code: str = ""
    municipality_name: str = ""
    post_address: str = ""
    street_address: str = ""
    post_number: str = ""
    post_office: str = ""
    status: str = "ACTIVE"
    sector: int | None = None
    hierarchy_level: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    attributes: Mapping[str, list[str]] = field(default_factory=dict)
    modified: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, date | None]:
        """The unique key: a code may return with another validity period (CSAPI v6)."""
        return self.oid, self.valid_from

    def is_valid(self, on: date) -> bool:
        """Whether the validity period covers the day *on*, both ends inclusive."""
        began = self.valid_from is None or self.valid_from <= on
        return began and (self.valid_to is None or on <= self.valid_to)


# The columns of the mirror that hold the source's data, in the order in which they are hashed:
# texts, then numbers and days, then attributes.
STATED = tuple(name for name in Row.__dataclass_fields__ if name != "modified")
TEXTS = STATED[: STATED.index("sector")]
NUMBERS = STATED[STATED.index("sector") : -1]
