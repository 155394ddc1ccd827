"""What a source of mandates is asked, and which one answers."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Membership, Person


@dataclass(frozen=True, slots=True)
class Mandate:
    """A right to act for an organisation that the source confirms.

    `detail` is the source's own word for it (a role code or the mandate's address), at most 300
    characters; it is shown to reviewers.
    """

    basis: Membership.Basis
    detail: str


class Mandates(Protocol):
    """A source that knows who may act for whom."""

    def right(self, person: Person, business_id: str, *, now: datetime) -> Mandate | None:
        """Return the person's right to act for the holder of this (normalised) business ID.

        None when the source knows of none. Raises Unavailable. Called with no transaction open.
        """


@cache
def _build(path: str, options: tuple[tuple[str, Any], ...]) -> Mandates:
    source: Mandates = import_string(path)(**dict(options))
    return source


def mandates() -> Mandates:
    """Return the source that ``MANDATES`` names, one for the life of the process."""
    chosen = settings.MANDATES
    return _build(chosen["BACKEND"], tuple(sorted(chosen["OPTIONS"].items())))
