"""Who acted: every event names one."""

from dataclasses import dataclass
from typing import Literal

type Kind = Literal["person", "technical_contact", "system", "visitor"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts. `id` is the person's key, the contact's key or the system part's name."""

    kind: Kind
    id: str = ""
    address: str = ""

    def __str__(self) -> str:
        """Return `kind:id`, the form kept in events."""
        return f"{self.kind}:{self.id}" if self.id else self.kind


def system(part: str) -> Actor:
    """Return the actor for work the service does by itself, such as `worker` or `clock`."""
    return Actor("system", part)
