"""The session at a source of mandates that was told who visits it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Introduced:
    """The keys of that session; `event`: our random value by which the source may log the visit."""

    session: str
    user: str
    event: str
