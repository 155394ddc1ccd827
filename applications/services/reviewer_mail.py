"""Mails to reviewers, enqueued with the change that they tell of."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Person
from certportal.foundation.outbox import outbox


def tell(readers: Iterable[Person], notice: str, source: object, *, now: datetime) -> None:
    """Enqueue the mail to each reader; `source` is the key of what it is about."""
    for reader in readers:
        outbox.enqueue(
            "reviewer.mail", now=now, person=str(reader.pk), notice=notice, source=str(source)
        )
