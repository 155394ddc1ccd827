"""Settings that people choose for themselves."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.event_names import AccountEvent
from accounts.models import MailChoice, Person
from certportal.foundation import events
from certportal.foundation.actors import Actor


@transaction.atomic
def choose(
    person: Person, language: str, mails: Collection[str] | None, *, actor: Actor, now: datetime
) -> None:
    """Set the mails that the person wants, and the language of mails and of URLs without one.

    `mails`: the wanted groups (`MailChoice`); None leaves them unchanged.
    """
    person.language = language
    person.save(update_fields=["language"])
    events.record(AccountEvent.PERSON_LANGUAGE_CHOSEN, person, actor, now, language=language)
    if mails is None:
        return
    declined = [str(choice) for choice in MailChoice if choice not in mails]
    person.declined_mails = " ".join(declined)
    person.save(update_fields=["declined_mails"])
    events.record(AccountEvent.PERSON_MAILS_CHOSEN, person, actor, now, declined=declined)
