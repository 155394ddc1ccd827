"""A PKCS#11 token: one logged-in session per process, opened when first needed.

A session is valid in one process only and ends when the token is removed. Therefore, after a fork
or after the token has been away, the next use opens a new session, finds the key again and
verifies it. PKCS#11 3.1, section 5.4 (C_Initialize) and 5.6.
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

from issuance.signers.protocol import SignerUnavailable


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Which token: the vendor's PKCS#11 library, the token's label, the file with the PIN."""

    module: str
    label: str
    pin_file: str


@dataclass(slots=True)
class Connection:
    """A session and the handles of the private keys verified in it, by any hashable name."""

    session: Any
    writable: bool
    proven: dict[object, Any] = field(default_factory=dict)


class WrongPin(SignerUnavailable):
    """The token refused the PIN. The same PIN is not retried: tokens lock after a few failures."""


class Token:
    """This process's connection to one token, opened on demand. Safe for threads."""

    def __init__(self, address: TokenAddress) -> None:
        self.address = address
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._refused_pin = b""

    def use[T](self, work: Callable[[Connection], T], *, writable: bool = False) -> T:
        """Call ``work`` with a session; if the existing session fails, repeat it in a new one.

        ``writable`` asks for a read-write session. Raises SignerUnavailable for any PKCS#11
        error of the new session.
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
        try:
            pin = Path(self.address.pin_file).read_text().strip()
        except (OSError, ValueError) as error:
            raise SignerUnavailable(f"PIN file: {type(error).__name__}") from None
        if _digest(pin) == self._refused_pin:
            raise WrongPin(f"{self.address.label}: the PIN was refused before and is the same")
        library = pkcs11.lib(self.address.module)
        # Drops state inherited from a parent process, and detects reconnected tokens.
        library.reinitialize()
        token = library.get_token(token_label=self.address.label)
        try:
            return Connection(token.open(rw=writable, user_pin=pin), writable)
        except PinIncorrect:
            self._refused_pin = _digest(pin)
            raise WrongPin(f"{self.address.label}: PinIncorrect") from None


def _digest(pin: str) -> bytes:
    return hashlib.sha256(pin.encode()).digest()


_TOKENS: dict[tuple[int, TokenAddress], Token] = {}


def token(address: TokenAddress) -> Token:
    """This process's Token for the address; a forked process gets its own."""
    return _TOKENS.setdefault((os.getpid(), address), Token(address))
