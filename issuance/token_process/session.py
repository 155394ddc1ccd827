"""The one session of this process with the token."""

import hashlib
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11.exceptions import (
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
)

_REFUSALS = (PinExpired, PinIncorrect, PinInvalid, PinLenRange, PinLocked)


class Failure(StrEnum):
    """Why the token did nothing. After all but PIN, another session is opened."""

    UNAVAILABLE = "unavailable"
    MISMATCH = "mismatch"
    PIN = "pin"


class Failed(Exception):
    """The token did not do it; ``why`` has nothing secret, ``facts`` are for the answer."""

    def __init__(self, failure: Failure, why: str, **facts: str) -> None:
        super().__init__(why)
        self.failure, self.why, self.facts = failure, why, facts


@dataclass(frozen=True, slots=True)
class Address:
    """Which token: the vendor's PKCS#11 library, the token's label, the file with the PIN.

    ``refused``: the hash of a PIN that the token has refused (`pin_hash`); "" if there is none.
    """

    module: str
    label: str
    pin_file: str
    writable: bool
    refused: str


@dataclass(slots=True)
class Session:
    """A session and the handles of the private keys verified in it, by label and public key."""

    session: Any
    label: str
    proven: dict[tuple[str, bytes], Any] = field(default_factory=dict)


def open_session(address: Address) -> Session:
    """Log in. A PIN that the token has refused is not tried again: tokens lock after a few.

    Raises Failed, PKCS11Error.
    """
    pin = _pin(address.pin_file)
    token = _find(pkcs11.lib(address.module), address.label)
    secret = f"{address.label}\0{token.serial.hex()}\0{pin}"
    if address.refused and pin_hash(secret, address.refused) == address.refused:
        why = "the token has refused this PIN before, so it is not tried again"
        raise Failed(Failure.PIN, f"{address.label}: {why}", refused=address.refused)
    try:
        return Session(token.open(rw=address.writable, user_pin=pin), address.label)
    except _REFUSALS as error:
        why = f"{address.label}: {type(error).__name__}"
        raise Failed(Failure.PIN, why, refused=pin_hash(secret)) from None


def pin_hash(secret: str, known: str = "") -> str:
    """Return a salted hash of a PIN and its token, with the salt of a `known` hash if given.

    It is slow to compute, since a PIN is short and could be guessed. It includes the token, since
    another token, or the same one after a new initialisation, may accept the PIN.
    """
    salt = bytes.fromhex(known.partition(" ")[0]) if known else os.urandom(16)
    digest = hashlib.scrypt(secret.encode(), salt=salt, n=1 << 14, r=8, p=1)
    return f"{salt.hex()} {digest.hex()}"


def _pin(path: str) -> str:
    try:
        pin = Path(path).read_text().strip()
    except (OSError, ValueError) as error:
        raise Failed(Failure.UNAVAILABLE, f"PIN file: {type(error).__name__}") from None
    if not pin:  # logging in with it would use up one of the few tries
        raise Failed(Failure.UNAVAILABLE, "PIN file: it is empty")
    return pin


def _find(library: Any, label: str) -> Any:
    """The token of this label. Other slots may be empty, or their tokens broken."""
    found = [token for slot in library.get_slots() if (token := _in(slot)) and token.label == label]
    if len(found) == 1:
        return found[0]
    number = f"{len(found)} tokens have this label" if found else "no token has this label"
    raise Failed(Failure.UNAVAILABLE, f"{label}: {number}")


def _in(slot: Any) -> Any:
    try:
        return slot.get_token()
    except PKCS11Error:
        return None
