"""The mailed packages."""

from collections.abc import Iterable

from django.core.mail import EmailMessage


def packages_in(outbox: Iterable[EmailMessage]) -> list[EmailMessage]:
    """Return the mails that carry a certificate."""
    return [
        message
        for message in outbox
        if any(part.get_filename().endswith(".der") for part in message.attachments)
    ]
