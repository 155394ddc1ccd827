"""Enqueueing the mails about people and accounts, and those to reviewers."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Model

from accounts.models import Organisation, Person
from accounts.right_to_act import confirmed_administrators
from certportal.foundation.outbox import outbox


def enqueue(kind: str, about: Model, *, language: str, now: datetime) -> None:
    """Enqueue the mail of this kind about the row, whose data determine the recipient."""
    outbox.enqueue("person.mail", now=now, kind=kind, id=str(about.pk), language=language)


def enqueue_for(people: Iterable[Person], kind: str, about: Model, *, now: datetime) -> None:
    """Enqueue the mail of this kind about the row for each person once, in their language."""
    for person in dict.fromkeys(people):
        payload = {"kind": kind, "id": str(about.pk), "to": str(person.pk)}
        outbox.enqueue("person.mail", now=now, language=person.language, **payload)


def tell_administrators(account: Organisation, kind: str, about: Model, *, now: datetime) -> None:
    """Enqueue the mail for each administrator of the account whose right is confirmed."""
    members = confirmed_administrators(account)
    enqueue_for([member.person for member in members], kind, about, now=now)


def tell_reviewers(readers: Iterable[Person], notice: str, about: object, *, now: datetime) -> None:
    """Enqueue the mail for each of the reviewers; `about` is the key of what it is about."""
    for reader in readers:
        payload = {"person": str(reader.pk), "notice": notice, "source": str(about)}
        outbox.enqueue("reviewer.mail", now=now, **payload)
