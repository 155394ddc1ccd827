"""A PKCS#11 token: one logged-in session per process, opened when first needed.

A session is good for one process only and dies with the token, so nothing is kept that cannot be
found again: after a fork, or when the token has been away, the next use opens a new session, looks
its key up and has it prove itself. PKCS#11 3.1, section 5.4 (C_Initialize) and 5.6.
"""

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11.exceptions import PinIncorrect, PKCS11Error

from issuance.signers.errors import SignerUnavailable


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Which token: the vendor's PKCS#11 library, the token's label, the file with the PIN."""

    module: str
    label: str
    pin_file: str


@dataclass(slots=True)
class Connection:
    """A session, and the private keys that have proven themselves in it, by a name of theirs."""

    session: Any
    writable: bool
    proven: dict[object, Any] = field(default_factory=dict)


class WrongPin(SignerUnavailable):
    """The token refuses the PIN. It is not tried again: a token locks after a few wrong ones."""


class Token:
    """The way to one token from this process."""

    def __init__(self, address: TokenAddress) -> None:
        self.address = address
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._refused_pin = b""

    def use[T](self, work: Callable[[Connection], T], *, writable: bool = False) -> T:
        """Do the work with the token, in a new session if the one at hand is dead.

        Raises SignerUnavailable for whatever the token or its library has against it.
        """
        with self._lock:
            if (old := self._connection) and old.writable >= writable:
                try:
                    return work(old)
                except PKCS11Error:
                    self._connection = None
            try:
                self._connection = self._connect(writable)
                return work(self._connection)
            except PKCS11Error as error:
                self._connection = None
                raise SignerUnavailable(
                    f"{self.address.label}: {type(error).__name__} {error}".strip()
                ) from None

    def _connect(self, writable: bool) -> Connection:
        pin = self._pin()
        library = pkcs11.lib(self.address.module)
        # Forgets what a parent process had open, and sees tokens that came back.
        library.reinitialize()
        token = library.get_token(token_label=self.address.label)
        try:
            return Connection(token.open(rw=writable, user_pin=pin), writable)
        except PinIncorrect:
            self._refused_pin = _digest(pin)
            raise WrongPin(f"{self.address.label}: PinIncorrect") from None

    def _pin(self) -> str:
        try:
            pin = Path(self.address.pin_file).read_text().strip()
        except (OSError, ValueError) as error:
            raise SignerUnavailable(f"PIN file: {type(error).__name__}") from None
        if _digest(pin) == self._refused_pin:
            raise WrongPin(f"{self.address.label}: the PIN was refused before and is the same")
        return pin


def _digest(pin: str) -> bytes:
    return hashlib.sha256(pin.encode()).digest()


_TOKENS: dict[tuple[int, TokenAddress], Token] = {}


def token(address: TokenAddress) -> Token:
    """This process's way to the token; a forked process gets one of its own."""
    return _TOKENS.setdefault((os.getpid(), address), Token(address))
