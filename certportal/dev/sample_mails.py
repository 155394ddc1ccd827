"""Every mail of the service, as caused by some occasion, in every language."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from certportal.dev import occasions
from certportal.dev.builders import mails, orders
from certportal.dev.sandbox import back_with_files, empty_service
from certportal.foundation import clock
from certportal.foundation.mail.sending import Message
from certportal.foundation.models import OutboxItem

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
# Only one thread at a time: the settings and the tables of the process are replaced meanwhile.
ALONE = Lock()


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail: its name, the recipient's role in the order if it is about one, and the message."""

    name: str
    reader: str
    message: Message

    @property
    def words(self) -> str:
        """The text without words that contain digits, to recognise the same wording."""
        return re.sub(r"\S*\d\S*", "", f"{self.message.subject} {self.message.text}")


class Collector(BaseEmailBackend):
    """A mail backend that writes each mail in every language into the list `found`."""

    def __init__(self, *, found: list[Sample], **options: Any) -> None:
        super().__init__(**options)
        self.found = found

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Add the mails to the list and return how many."""
        for message in email_messages:
            item = OutboxItem.objects.get(
                pk=re.split("[<.@]", message.extra_headers["Message-ID"])[1]
            )
            reader = item.payload.get("recipient", "").partition(":")[0]
            for language in LANGUAGES:
                written = mails.written(item, language=language)
                assert written is not None  # it was sent just now
                self.found.append(Sample(mails.name_of(item), reader, written))
        return len(email_messages)


def samples() -> list[Sample]:
    """Return the mails of all occasions, each wording once, in every language."""
    found: list[Sample] = []
    collector = {"BACKEND": f"{__name__}.Collector", "OPTIONS": {"found": found}}
    with ALONE, empty_service(MAILERS={"default": collector}):
        for stage in occasions.STAGES:
            with back_with_files():
                made = stage()
                _work()
                for occasion in occasions.of(stage):
                    with back_with_files():
                        occasion(made)
                        _work()
    once = {(each.name, each.reader, each.message.language, each.words): each for each in found}
    return list(once.values())


def _work() -> None:
    """Do all open work, including items that are due in the future."""
    OutboxItem.objects.filter(done_at=None).update(due_at=clock.now())
    orders.drain()
