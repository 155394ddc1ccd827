"""How a source of mandates knows who visits it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Introduced:
    """The keys of a session at a source that was told who visits it.

    `event`: what the source may call the visit in its log, a random value of ours.
    """

    session: str
    user: str
    event: str
