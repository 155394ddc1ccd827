"""The session at a source of mandates that was told who visits it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Introduced:
    """The keys of that session.

    `event`: a random value of ours by which the source may name the visit in its log.
    """

    session: str
    user: str
    event: str
