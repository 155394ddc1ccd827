"""Django's SMTP back end, for names and passwords in UTF-8 as well."""

import io
import select
import smtplib
import socket
import ssl
import time
from collections.abc import Buffer, Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from certportal.foundation import deadline

LOOKING_SECONDS = 600.0
"""How long a server may look at a mail before it answers (RFC 5321, 4.5.3.2.6)."""
AT_FIRST_SECONDS = 2.0
"""A server that answers sooner is not worth telling of: the lease lasts longer anyway."""
LEASE_PARTS = 4
"""So many times in a lease of the outbox it is told that the server still looks at a mail."""
BETWEEN_SECONDS = 10.0
"""A server that answers slowly is told of between two replies, when this time has passed."""
MOST_LINES = 1000
"""The lines of a reply, each of at most 8 KiB, that are kept in memory."""
_TO_MAIL = 2
"""The reply to a mail is the second after DATA; the first lets the mail be sent."""

_still: ContextVar[Callable[[], object]] = ContextVar("still", default=lambda: None)


@contextmanager
def telling(still: Callable[[], object]) -> Iterator[None]:
    """Call `still` again and again while the server takes or looks at a mail of the block."""
    token = _still.set(still)
    try:
        yield
    finally:
        _still.reset(token)


class _Utf8(str):
    """Text that is encoded as UTF-8 where smtplib encodes it as ASCII."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return super().encode("utf-8", errors)


class _Replies(io.BufferedReader):
    """What a server says, whose reply may be without end."""

    lines = 0

    def readline(self, size: int | None = -1) -> bytes:
        self.lines += 1
        if self.lines > MOST_LINES:
            raise OSError("reply without end")
        return super().readline(size)


class _Connection(smtplib.SMTP):
    """A connection that `deadline.within` can shut down, with credentials in UTF-8.

    RFC 4616 §2 requires UTF-8 for AUTH PLAIN; smtplib encodes credentials as ASCII.
    """

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self._told = time.monotonic()
        return deadline.connect(host, port, timeout)

    _replies = _TO_MAIL  # since DATA

    def data(self, msg: Buffer | str) -> tuple[int, bytes]:
        """Send the mail, and wait for the reply as long as a server may look at the mail.

        Who gives up sooner sends again what has arrived (RFC 5321, 4.5.3.2.6).
        """
        self._limit(None)
        self._replies = 0
        try:
            return super().data(msg)
        finally:
            if self._replies == _TO_MAIL:
                deadline.begin_again(self.timeout)
            self._replies = _TO_MAIL
            self._limit(self.timeout)

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply. That to a mail may take `LOOKING_SECONDS`."""
        self._replies += 1
        if time.monotonic() - self._told > BETWEEN_SECONDS:
            _still.get()()
            self._told = time.monotonic()
        if self._replies == _TO_MAIL and self.sock is not None:
            deadline.begin_again(LOOKING_SECONDS)
            part = settings.OUTBOX_LEASE_SECONDS / LEASE_PARTS
            answered = _is_answered(self.sock, min(AT_FIRST_SECONDS, part))
            while not answered:
                _still.get()()
                answered = _is_answered(self.sock, part)
        if self.file is None and self.sock is not None:
            self.file = _Replies(self.sock.makefile("rb", buffering=0))
        if self.file is not None:
            self.file.lines = 0
        return super().getreply()

    def _limit(self, seconds: float | None) -> None:
        """Limit each read and write; a connection that was closed has no limit."""
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def login(
        self, user: str, password: str, *, initial_response_ok: bool = True
    ) -> tuple[int, bytes]:
        return super().login(_Utf8(user), _Utf8(password), initial_response_ok=initial_response_ok)

    def auth_plain(self, challenge: Buffer | None = None) -> str:
        return _Utf8(super().auth_plain(challenge))


def _is_answered(connected: socket.socket, seconds: float) -> bool:
    """Wait so long at most; return whether there is something to read, or the end."""
    if isinstance(connected, ssl.SSLSocket) and connected.pending():
        return True
    return bool(select.select([connected], [], [], seconds)[0])


class _TlsConnection(smtplib.SMTP_SSL, _Connection):
    """The same over TLS from the start; in this order, so that the handshake is watched too."""


class SmtpBackend(EmailBackend):
    """Sends mail over SMTP, with TLS from the start (`use_ssl`) or by STARTTLS (`use_tls`)."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _TlsConnection if self.use_ssl else _Connection

    def close(self) -> None:
        """Close the connection; errors in reply to QUIT do not affect the mails sent before it."""
        with suppress(smtplib.SMTPException):
            super().close()
