"""The virus scanner interface, and the configured scanner."""

from typing import Protocol

from certportal.foundation import backends


class Scanner(Protocol):
    """A virus scanner."""

    def scan(self, data: bytes) -> str:
        """Return the name of the virus found in the bytes; empty if none.

        Raises Unavailable if the scanner does not answer. Call outside a transaction.
        """


def scanner() -> Scanner:
    found: Scanner = backends.chosen("SCANNER")
    return found
