"""Actors: who did what an event records."""

from dataclasses import dataclass
from typing import Literal

type Kind = Literal["person", "technical_contact", "system", "visitor"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    `id`: key of the person or contact, or name of the part of the system; `address`: network
    address, or empty; `supplier`: key of the organisation for which the person acts as another's
    technician, or empty.
    """

    kind: Kind
    id: str = ""
    address: str = ""
    supplier: str = ""

    @property
    def is_by_link(self) -> bool:
        """Whether it is the holder of a mailed link, of whom only the address is known."""
        return self.kind == "technical_contact"

    def __str__(self) -> str:
        """Return `kind:id`, the form kept in events."""
        return f"{self.kind}:{self.id}" if self.id else self.kind


def system(part: str) -> Actor:
    """Return the actor for automatic work of the service; `part` names it, such as `retention`."""
    return Actor("system", part)
