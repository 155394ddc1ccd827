"""The interface of a source of mandates, and the choice of the configured source."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from accounts.mandates.introduced import Introduced
from accounts.models import Membership, Person
from certportal.foundation import backends


@dataclass(frozen=True, slots=True)
class Mandate:
    """A right to act for an organisation that the source confirms.

    `detail` is the source's own identifier of it (a role code or the mandate's URI), at most 300
    characters; it is shown to reviewers.
    """

    basis: Membership.Basis
    detail: str


class Mandates(Protocol):
    """A source of information on who may act for which organisation."""

    def right(self, person: Person, business_id: str, *, now: datetime) -> Mandate | None:
        """Return the person's right to act for the holder of this (normalised) business ID.

        None if the source knows of none, or knows only of people who visit it (see `Visited`).
        Raises Unavailable. Must not be called in a transaction.
        """


@runtime_checkable
class Visited(Mandates, Protocol):
    """A source that people visit with their browser, to choose for whom they act."""

    def introduce(self, code: str) -> Introduced:
        """Tell the source the personal identity code of the person who is about to visit it.

        The code is sent nowhere else and must not be stored. Raises Unavailable.
        """

    def address(self, introduced: Introduced, *, state: str, callback: str, language: str) -> str:
        """Return the source's address; it leads back to `callback` with the state."""

    def shown(
        self, introduced: Introduced, code: str, business_id: str, *, callback: str
    ) -> Mandate:
        """Return the right to act for this organisation that the visit showed.

        `code` is the single-use code with which the browser came back. Raises NotShown and
        Unavailable. Must not be called in a transaction.
        """

    def in_words(self, mandate: Mandate) -> str:
        """Return, in words for the person, in which capacity the mandate lets them act."""


def mandates() -> Mandates:
    source: Mandates = backends.chosen("MANDATES")
    return source


def visited() -> Visited | None:
    """Return the configured source if it is one that people visit."""
    source = mandates()
    return source if isinstance(source, Visited) else None
