"""Keys held only in this process's memory, for tests and experiments."""

from issuance.signers.protocol import Signer, SignerUnavailable

_SIGNERS: dict[str, Signer] = {}


class KeysInMemory:
    """The backend for the signers stored with ``put``."""

    def load(self, stem: str) -> Signer:
        """The signer stored under this stem. Raises SignerUnavailable."""
        try:
            return _SIGNERS[stem]
        except KeyError:
            raise SignerUnavailable(f"{stem}: no such key in memory") from None

    def exists(self, stem: str) -> bool:
        return stem in _SIGNERS


def put(stem: str, signer: Signer) -> None:
    _SIGNERS[stem] = signer


def drop(stem: str) -> None:
    """Remove the signer, as if its token were unplugged."""
    _SIGNERS.pop(stem, None)
