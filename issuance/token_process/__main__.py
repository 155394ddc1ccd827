"""Answers one request after another: JSON over the socket whose number is the argument.

The first message is the token's address, see `Address`. A request names a function of `keys` under
``do`` and has its arguments; bytes are in hexadecimal. The answer has the result under ``made``, or
the reason of a failure under ``failed`` (see `Failure`) and in words under ``why``, and after a
failure the process ends.
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from pkcs11.exceptions import PKCS11Error

from issuance.token_process import keys
from issuance.token_process.session import Address, Failed, Failure, Session, open_session

SET_DUMPABLE, SET_NAME = 4, 15  # prctl(2)
NAME = b"token"
LAST = 10
"""Seconds in which the process ends."""
WHAT: Mapping[str, Callable[..., Any]] = {
    "generate": keys.generate,
    "publics": keys.publics,
    "prove": keys.prove,
    "sign": keys.sign,
}


def main(descriptor: int) -> None:
    """Answer until nobody asks any more, or something fails."""
    shield()
    asking, session = Connection(descriptor), None
    try:
        address = Address(**json.loads(asking.recv_bytes()))
        while True:
            request = json.loads(asking.recv_bytes())
            # If the process that asks has died meanwhile, nobody else ends a call that hangs.
            signal.alarm(request.pop("seconds"))
            try:
                session = session or open_session(address)
                made = answer(session, request)
            except Failed as failed:
                fail(asking, failed)
                return
            except PKCS11Error as error:
                why = f"{type(error).__name__} {error}".strip()
                fail(asking, Failed(Failure.UNAVAILABLE, f"{address.label}: {why}"))
                return
            asking.send_bytes(json.dumps({"made": made}).encode())
            signal.alarm(0)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    finally:
        signal.alarm(LAST)  # the library is left now, which may hang too


def shield() -> None:
    """Keep the PIN out of core dumps, descriptors from other programs, and signals from this one.

    A program that the library starts and leaves behind would hold a ceremony's lock.
    """
    for each in map(int, os.listdir("/proc/self/fd")):
        with suppress(OSError):  # that of the list itself
            os.set_inheritable(each, each <= 2)
    ctypes.CDLL(None).prctl(SET_NAME, NAME)
    ctypes.CDLL(None).prctl(SET_DUMPABLE, 0)
    # It ends with the process that asks: whoever stops the group of both, or closes their terminal,
    # would stop that first.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.dup2(2, 1)  # what a library prints is for the log


def answer(session: Session, request: dict[str, Any]) -> Any:
    """What was asked for. Raises Failed, PKCS11Error."""
    return WHAT[request.pop("do")](session, **request)


def fail(asking: Connection, failed: Failed) -> None:
    told = {"failed": failed.failure, "why": failed.why, **failed.facts}
    asking.send_bytes(json.dumps(told).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]))
