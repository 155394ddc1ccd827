"""A mail backend for development and tests that writes each message to an `.eml` file."""

from collections.abc import Sequence
from email import policy
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from certportal.foundation import clock, own_files


class EmlBackend(BaseEmailBackend):
    """Writes each message to `directory`, atomically; file names begin with the time."""

    def __init__(self, *, directory: str, **options: Any) -> None:
        super().__init__(**options)
        self.directory = Path(directory)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            name = f"{clock.now():%Y%m%dT%H%M%S.%f}-{uuid4().hex[:8]}"
            content = message.message(policy=policy.SMTP).as_bytes()
            own_files.replace(self.directory / f"{name}.eml", content, lasting=False)
        return len(email_messages)
