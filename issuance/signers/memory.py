"""Keys that live only in this process: the double for tests and for trying things out."""

from issuance.signers.errors import SignerUnavailable
from issuance.signers.protocol import Signer

_SIGNERS: dict[str, Signer] = {}


class KeysInMemory:
    """The backend over what ``put`` was given."""

    def load(self, stem: str) -> Signer:
        """Return the signer put under this name, or raise SignerUnavailable."""
        try:
            return _SIGNERS[stem]
        except KeyError:
            raise SignerUnavailable(f"{stem}: no such key in memory") from None


def put(stem: str, signer: Signer) -> None:
    """Make a signer available under this name."""
    _SIGNERS[stem] = signer


def drop(stem: str) -> None:
    """Take it away again, as when a token is pulled out."""
    _SIGNERS.pop(stem, None)
