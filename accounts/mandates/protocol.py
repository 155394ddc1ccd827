"""The interface of a source of mandates, and the choice of the configured source."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

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

        None if the source knows of none. Raises Unavailable. Must not be called in a transaction.
        """


def mandates() -> Mandates:
    """Return the source set in ``MANDATES``."""
    source: Mandates = backends.chosen("MANDATES")
    return source
