"""Django's SMTP back end, for names and passwords in UTF-8 as well."""

import smtplib
import socket
from collections.abc import Buffer
from contextlib import suppress

from django.core.mail.backends.smtp import EmailBackend

from certportal.foundation import deadline


class _Utf8(str):
    """Text that is encoded as UTF-8 where smtplib encodes it as ASCII."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return super().encode("utf-8", errors)


class _Connection(smtplib.SMTP):
    """A connection that `deadline.within` can shut down, with credentials in UTF-8.

    RFC 4616 §2 requires UTF-8 for AUTH PLAIN; smtplib encodes credentials as ASCII.
    """

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        return deadline.watched(connected)

    def data(self, msg: Buffer | str) -> tuple[int, bytes]:
        """Send the mail, and wait for the reply as long as `deadline.within` lets, not less.

        Who gives up sooner sends again what has arrived (RFC 5321, 4.5.3.2.6): a server may look at
        a mail for long before it accepts it.
        """
        self._limit(None)
        try:
            return super().data(msg)
        finally:
            self._limit(self.timeout)

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
