"""Settings that people choose for themselves."""

from datetime import datetime

from django.db import transaction

from accounts.event_names import AccountEvent
from accounts.models import Person
from certportal.foundation import events
from certportal.foundation.actors import Actor


@transaction.atomic
def choose_language(person: Person, language: str, *, actor: Actor, now: datetime) -> None:
    """Set the language of the person's mail and of pages whose URL names no language."""
    person.language = language
    person.save(update_fields=["language"])
    events.record(AccountEvent.PERSON_LANGUAGE_CHOSEN, person, actor, now, language=language)
