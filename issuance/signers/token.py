"""A PKCS#11 token, reached through a process of its own (`issuance.token_process`).

A session is valid in one process only and ends when the token is removed. Therefore, after a fork
or after the token has been away, another process opens a new session, finds the key again and
verifies it. PKCS#11 3.1, section 5.4 (C_Initialize) and 5.6.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing import Pipe
from typing import Any

import structlog
from django.conf import settings

from issuance.signers import refused_pin
from issuance.signers.protocol import SignerMismatch, SignerUnavailable

log = structlog.get_logger(__name__)

LIMIT = 20.0
"""Seconds in which the token must answer; a worker's heartbeat is missed after 35."""
MAKING = 600.0
"""Seconds in which it must have made a key, which somebody watches: RSA-4096 takes minutes."""
REST = 30.0
"""Seconds for which nothing is asked of a token that did not answer."""
ENDING = 2.0
"""Seconds in which the token's process must end by itself."""


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Which token: the vendor's PKCS#11 library, the token's label, the file with the PIN."""

    module: str
    label: str
    pin_file: str


class WrongPin(SignerUnavailable):
    """The token refused the PIN. The same PIN is not retried: tokens lock after a few failures."""


class TokenSilent(SignerUnavailable):
    """The token does not answer. Nothing is asked of it for `REST` seconds."""


FAILURES: dict[str, type[SignerUnavailable]] = {
    "unavailable": SignerUnavailable,
    "mismatch": SignerMismatch,
    "pin": WrongPin,
}


class _Session:
    """The process that has a session with the token. Its methods raise SignerUnavailable."""

    def __init__(self, address: TokenAddress, *, writable: bool, lock: Sequence[int]) -> None:
        self._label, self.answered = address.label, False
        self._refused = refused_pin.known()
        try:
            self._asking, its = Pipe()
            with its:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "issuance.token_process", str(its.fileno())],
                    pass_fds=[its.fileno(), *lock],
                    stdin=subprocess.DEVNULL,
                    cwd=settings.BASE_DIR,
                )
        except OSError as error:  # no memory, or too many processes or files
            why = f"{address.label}: the token's process does not start: {error.strerror}"
            raise SignerUnavailable(why) from error
        self._send({**asdict(address), "writable": writable, "refused": self._refused})

    def ask(self, what: str, limit: float, about: dict[str, Any]) -> Any:
        """What was made. After a failure the session must be ended."""
        # An exception may come from outside before the answer: what comes then answers no other.
        first, self.answered = not self.answered, False
        self._send({"do": what, "seconds": int(limit) + 5, **about})
        told = self._read(limit)
        if "made" not in told:
            # What was known before may have been deleted meanwhile, and is not written again.
            if told["failed"] == "pin" and told["refused"] != self._refused:
                refused_pin.remember(told["refused"])
            raise FAILURES[told["failed"]](told["why"])
        if first:
            refused_pin.forget()
        self.answered = True
        return told["made"]

    def _send(self, message: dict[str, Any]) -> None:
        with suppress(OSError):  # it has ended, and nothing will be read
            self._asking.send_bytes(json.dumps(message).encode())

    def _read(self, limit: float) -> Any:
        try:
            if self._asking.poll(limit):
                return json.loads(self._asking.recv_bytes())
        except (OSError, EOFError):
            raise SignerUnavailable(f"{self._label}: the token's process has ended") from None
        self._process.kill()
        raise TokenSilent(f"{self._label}: the token does not answer within {limit:g} s")

    def end(self) -> None:
        """Let the process end, and kill it if it does not."""
        self._asking.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING)
            return
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # a device's driver may hold it for ever
            self._process.wait(ENDING)


class Token:
    """This process's access to one token, begun on demand. Safe for threads."""

    def __init__(self, address: TokenAddress) -> None:
        self.address = address
        self.fault: SignerUnavailable | None = None
        """Why it last failed; None if it last succeeded."""
        self._lock = threading.RLock()
        self._session: _Session | None = None
        self._rests_until = 0.0

    def ask(self, what: str, **about: str) -> Any:
        """The result of the function of `issuance.token_process.keys`.

        If the existing session fails, it is asked once more in a new one. Raises
        SignerUnavailable, SignerMismatch.
        """
        with self._lock, self._remembering():
            if self._session and self._session.answered:
                try:
                    return self._exchange(self._session, what, LIMIT, about)
                except TokenSilent:
                    raise
                except SignerUnavailable as error:
                    log.info("token_session_lost", why=str(error))
            return self._exchange(self._begin(), what, LIMIT, about)

    def generate(self, *, lock: int, **about: str | int) -> None:
        """Generate a key pair, in a session of its own: never a second one if that fails.

        If this process is killed meanwhile, that of the session still holds the file ``lock``.
        Raises SignerUnavailable.
        """
        with self._lock, self._remembering():
            self._exchange(self._begin(writable=True, lock=[lock]), "generate", MAKING, about)
            self.end()

    def end(self) -> None:
        """End the session; the next use opens a new one."""
        with self._lock:
            if self._session:
                self._session.end()
            self._session, self._rests_until = None, 0.0

    def _begin(self, *, writable: bool = False, lock: Sequence[int] = ()) -> _Session:
        """Open another session. Raises TokenSilent while the token rests."""
        if time.monotonic() < self._rests_until:
            raise TokenSilent(f"{self.address.label}: the token did not answer before")
        self.end()
        self._session = _Session(self.address, writable=writable, lock=lock)
        return self._session

    def _exchange(self, at: _Session, what: str, limit: float, about: dict[str, Any]) -> Any:
        try:
            return at.ask(what, limit, about)
        except SignerUnavailable as error:
            self.end()
            if isinstance(error, TokenSilent):
                self._rests_until = time.monotonic() + REST
            raise

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """Remember why the token fails, and log it when that begins."""
        before, self.fault = self.fault, None
        try:
            yield
        except SignerUnavailable as error:
            self.fault = error
            if type(error) is not type(before):
                log.error("token_fails", why=str(error))
            raise


_TOKENS: dict[tuple[int, TokenAddress], Token] = {}


def token(address: TokenAddress) -> Token:
    """This process's Token for the address; a forked process gets its own."""
    return _TOKENS.setdefault((os.getpid(), address), Token(address))


def faults() -> list[SignerUnavailable]:
    """Why tokens last failed in this process."""
    return [each.fault for (pid, _), each in _TOKENS.items() if pid == os.getpid() and each.fault]


def end_sessions() -> None:
    """End this process's sessions, and forget what is known of their tokens, as its end does."""
    for of in [each for each in _TOKENS if each[0] == os.getpid()]:
        _TOKENS.pop(of).end()
