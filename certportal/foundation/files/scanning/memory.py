"""The double of the seam: knows the harmless test file of EICAR, and can be down."""

from certportal.foundation.errors import Unavailable

# The file that every scanner reports though it does no harm (eicar.org). In two parts, so that no
# scanner on a developer's machine takes this module for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class InMemory:
    """Finds the test file anywhere in the bytes; with `answers` false it is down."""

    def __init__(self, *, answers: bool = True) -> None:
        """Remember whether to answer."""
        self.answers = answers

    def scan(self, data: bytes) -> str:
        """Return the name of the test file when it is there."""
        if not self.answers:
            raise Unavailable("virus scanner")
        return "Eicar-Test-Signature" if EICAR in data else ""
