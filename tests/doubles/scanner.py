"""A test double: finds the EICAR test file, and can simulate an outage."""

from certportal.foundation.errors import Unavailable

# The harmless test file that every scanner reports (eicar.org). In two parts, so that no scanner
# on a developer's machine reports this module.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class InMemory:
    """Finds the test file anywhere in the bytes; unavailable if `answers` is false."""

    def __init__(self, *, answers: bool = True) -> None:
        """Keep whether to answer."""
        self.answers = answers

    def scan(self, data: bytes) -> str:
        """Return the test file's virus name if the bytes contain it, else empty."""
        if not self.answers:
            raise Unavailable("virus scanner")
        return "Eicar-Test-Signature" if EICAR in data else ""
