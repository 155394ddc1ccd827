"""Sending mail: one message to one recipient, with the same Message-ID on every retry.

A mail that was set aside and is sent again by a person's decision gets another Message-ID, so that
a bounce shows which sending it is about.
"""

import smtplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.header import Header
from email.message import EmailMessage, MIMEPart
from email.policy import EmailPolicy
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.crypto import salted_hmac

from certportal.foundation import deadline
from certportal.foundation.breaker import Breaker
from certportal.foundation.errors import Hopeless, Unavailable
from certportal.foundation.mail import html, smtp
from certportal.foundation.text import invisible

# RFC 5321, 4.2.1: 5yz replies are permanent; the same mail must not be retried.
PERMANENT = 500
# RFC 1870, 6.1: so a server refuses the sender because of the size of the mail.
TOO_LARGE = 552
# RFC 5321, 4.2.2: "Service not available, closing transmission channel", whatever was asked.
CLOSING = 421
# RFC 5321, 4.2: codes of replies are 200 to 599. smtplib returns -1 for a malformed reply, and a
# shorter number for a truncated one.
LEAST_REPLY = 200

log = structlog.get_logger()


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _reply in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []


def is_silence(error: Exception) -> bool:
    """Whether the server gave no answer. A refusal is an answer, however late."""
    return all(code < LEAST_REPLY for code in _codes(error))


WHOLE_SECONDS = 50.0
"""Time limit until a mail has been handed over, within the lease of the outbox: a slow server may
stay within the limit of every reply. Then the server may look at it (`smtp.LOOKING_SECONDS`)."""

# If the mail server hangs, only the first mail waits for its time limit.
server = Breaker("mail server", pause=30, slow=5, silent=is_silence)


class Undeliverable(Hopeless):
    """The mail server permanently refused this mail or its recipient."""


class PutOff(Unavailable):
    """The mail server answers, but does not accept mail for this mailbox now.

    The mail is given up after five days (RFC 5321, 4.5.4.1: at least four or five). It must also
    have been tried for half a day (`most_attempts` at intervals of five minutes), since our own
    server may have failed for days before.
    """

    most_attempts = 12 * 12
    least_age = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment: file name, content and media type."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to one recipient, with optional attachments.

    The HTML part is made from `marked`, which is `text` with marks of other languages (`quoted`).
    Mail programs show all mails with the same `thread` together.
    """

    to: str
    subject: str
    text: str
    language: str
    files: Sequence[File] = ()
    marked: str = ""
    thread: str = ""


class _Policy(EmailPolicy):
    """SMTP's line ends; the subject and the sender's name are encoded as RFC 2047 wants them.

    Python's own folding writes encoded words without the space between them (RFC 2047, 2), so that
    about one Swedish or Finnish subject of fifteen is read with a space too many or not at all.
    """

    linesep = "\r\n"

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        # Python would decode what looks like an encoded word, although somebody typed it as a name.
        return (name, value) if name == "Subject" else super().header_store_parse(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "Subject":
            return f"{name}: {_encoded(name, value)}\r\n".encode("ascii")
        if name == "From" and not (sender := value.addresses[0]).display_name.isascii():
            words = _encoded(name, sender.display_name)
            return f"{name}: {words}\r\n <{sender.addr_spec}>\r\n".encode("ascii")
        return super().fold_binary(name, value)


def _encoded(name: str, words: str) -> str:
    charset = "us-ascii" if words.isascii() and "=?" not in words else "utf-8"
    return Header(words, charset, maxlinelen=76, header_name=name).encode(linesep="\r\n")


class _Mail(EmailMultiAlternatives):
    """A mail that every back end writes alike."""

    def message(self, **_policy: object) -> EmailMessage:
        return super().message(policy=_Policy())


def send(message: Message, *, item_id: object, still: Callable[[], object] = lambda: None) -> None:
    """Send the mail. `item_id`: the item's key and, from 2 on, its round, for the Message-ID.

    `still` is called again and again while the server is slow, or looks at the mail.

    Line breaks and other invisible characters are removed from headers (header injection). Raises
    Undeliverable on a permanent failure, PutOff on a temporary one of this mailbox, and
    Unavailable if the mail server does not work for us now.
    """
    subject = invisible.without(message.subject)
    mail = _Mail(
        subject=subject,
        body=message.text,
        from_email=settings.MAIL_RETURN_PATH,
        to=[invisible.without(message.to)],
        headers={
            "From": settings.DEFAULT_FROM_EMAIL,
            "Message-ID": f"<{item_id}@{settings.MAIL_DOMAIN}>",
            "Content-Language": message.language,
            "Auto-Submitted": "auto-generated",
        },
    )
    if message.thread:  # RFC 5322, 3.6.4
        mail.extra_headers["References"] = f"<{message.thread}@{settings.MAIL_DOMAIN}>"
    if page := html.page(subject, message.marked or message.text, message.language):
        mail.attach_alternative(page, "text/html")
    for file in message.files:
        mail.attach(_part(file))
    try:
        limit = deadline.within(WHOLE_SECONDS, only_cut=True)
        with server.call(), limit, smtp.telling(still):
            mail.send(using="default")
    except (OSError, smtplib.SMTPException) as error:
        raise _failure(error, message.to) from error


def _failure(error: Exception, address: str) -> Exception:
    """Return the exception to raise; its `mark` identifies the mailbox, if that refused."""
    refused = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    of_mailbox = refused and not is_silence(error) and CLOSING not in _codes(error)
    kind: type[Hopeless | Unavailable] = PutOff if of_mailbox else Unavailable
    failure = (Undeliverable if _is_final(error) else kind)("mail server")
    failure.mark = mark_of(address) if of_mailbox else ""
    if isinstance(failure, Unavailable) and not of_mailbox:
        log.warning("mail_server_failed", cause=_cause(error))
    return failure


def _cause(error: Exception) -> str:
    """Return what failed; of a reply only the code, since its words may repeat an address."""
    told = " ".join(map(str, _codes(error))) or str(error)
    return f"{type(error).__name__}: {told}"


def mark_of(address: str) -> str:
    """Return a keyed hash of the address, which identifies a mailbox without naming it."""
    mark = salted_hmac("mailbox", address.strip().lower(), algorithm="sha256")
    return mark.hexdigest()[:16]


def _is_final(error: Exception) -> bool:
    """Whether the failure is permanent for this mail.

    Whatever the server refuses before it is told the recipient, save a mail that is too large,
    concerns our access to it, which an operator can mend: TLS, password, sender.
    """
    codes = _codes(error)
    if isinstance(error, smtplib.SMTPSenderRefused):
        return codes == [TOO_LARGE]
    of_mail = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    return of_mail and bool(codes) and min(codes) >= PERMANENT


def _part(file: File) -> MIMEPart:
    """Return the file as a base64 part, which keeps text files unchanged byte for byte.

    Text without a charset would be ASCII (RFC 2046, 4.1.2); ours is UTF-8.
    """
    piece, kind = MIMEPart(), file.media_type.split("/", 1)
    parameters = {"charset": "utf-8"} if kind[0] == "text" else {}
    piece.set_content(
        file.content, *kind, disposition="attachment", filename=file.name, params=parameters
    )
    return piece
