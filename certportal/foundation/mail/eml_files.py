"""Local mail: each message becomes a whole `.eml` file, for development and tests."""

import os
from collections.abc import Sequence
from email import policy
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from certportal.foundation import clock


class EmlBackend(BaseEmailBackend):
    """Write each message to `directory`, atomically, named by time."""

    def __init__(self, *, directory: str, **options: Any) -> None:
        """Remember the directory; it is made when the first mail comes."""
        super().__init__(**options)
        self.directory = Path(directory)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages and return how many."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{clock.now():%Y%m%dT%H%M%S.%f}-{uuid4().hex[:8]}"
            draft = self.directory / f".{name}.part"
            draft.write_bytes(message.message().as_bytes(policy=policy.SMTP))
            os.replace(draft, self.directory / f"{name}.eml")
        return len(email_messages)
