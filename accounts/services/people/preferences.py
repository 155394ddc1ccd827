"""What people choose for themselves."""

from datetime import datetime

from django.db import transaction

from accounts.models import Person
from certportal.foundation import events
from certportal.foundation.actors import Actor


@transaction.atomic
def choose_language(person: Person, language: str, *, actor: Actor, now: datetime) -> None:
    """Send the person's mail, and show addresses without a language, in this language."""
    person.language = language
    person.save(update_fields=["language"])
    events.record(
        "person.language_chosen",
        actor=actor,
        now=now,
        object_type="person",
        object_id=person.pk,
        data={"language": language},
    )
