"""Sending of mail: one message to one recipient, with a Message-ID that survives a second try."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import MIMEPart
from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from django.conf import settings
from django.core.mail import EmailMessage

from certportal.foundation.errors import Hopeless, Unavailable

CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
# RFC 5321 §4.2.1: replies from here on are final; the same mail must not be tried again.
PERMANENT = 500
# These speak of our access to the server, which an operator mends, and not of the mail.
OURS = (SMTPAuthenticationError, SMTPConnectError, SMTPHeloError)


class Undeliverable(Hopeless):
    """The mail server refused this mail or its recipient for good."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment: file name, content and media type."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to be sent: one recipient, plain text that stands alone."""

    to: str
    subject: str
    text: str
    language: str
    files: Sequence[File] = field(default_factory=tuple)


def send(message: Message, *, item_id: object) -> None:
    """Hand the mail to the mail server. The Message-ID is derived from the outbox item.

    Line breaks and control characters never reach a header. Raises Unavailable when the server
    cannot take it now, and Undeliverable when it never will.
    """
    mail = EmailMessage(
        subject=one_line(message.subject),
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[one_line(message.to)],
        headers={
            "Message-ID": f"<{item_id}@{settings.MAIL_DOMAIN}>",
            "Content-Language": message.language,
            "Auto-Submitted": "auto-generated",
        },
    )
    for file in message.files:
        mail.attach(part(file))
    try:
        mail.send(using="default")
    except (OSError, SMTPException) as error:
        if is_final(error):
            raise Undeliverable("mail server") from error
        raise Unavailable("mail server") from error


def is_final(error: Exception) -> bool:
    """Whether the server's answer says that this mail will never be taken."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _reply in error.recipients.values())
    if not isinstance(error, SMTPResponseException) or isinstance(error, OURS):
        return False
    return error.smtp_code >= PERMANENT


def part(file: File) -> MIMEPart:
    """Return the file as a base64 part, so that text files arrive byte for byte as well."""
    main, sub = file.media_type.split("/", 1)
    piece = MIMEPart()
    piece.set_content(
        file.content,
        maintype=main,
        subtype=sub,
        disposition="attachment",
        filename=file.name,
    )
    return piece


def one_line(value: str) -> str:
    """Return the value with every line break and control character turned into one space."""
    return CONTROL.sub(" ", value).strip()
