"""Feedback on the service: counted against a limit, recorded without its text, sent by mail."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import get_language

from certportal import public
from certportal.foundation import limits, mail, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.events import record
from certportal.foundation.models import OutboxItem

MOST_AN_HOUR = 5
SUBJECTS = {
    "accessibility": "Saavutettavuuspalaute",
    "fault": "Vikailmoitus",
    "idea": "Palaute",
}


@transaction.atomic
def give(*, about: str, text: str, email: str, address: str, now: datetime) -> None:
    """Take one piece of feedback.

    *about* is a key of ``SUBJECTS``; *email* may be empty; *address* is the visitor's network
    address. Raises TooMany after five in an hour from one address.
    """
    limits.spend_from("feedback", address, most=MOST_AN_HOUR, per=timedelta(hours=1), now=now)
    visitor = Actor("visitor", address=address)
    number = uuid.uuid4()
    record(
        "feedback.given",
        actor=visitor,
        now=now,
        object_type="feedback",
        object_id=number,
        data={"about": about},
    )
    language = get_language() or "fi"
    outbox.enqueue(
        "feedback.given",
        now=now,
        about=about,
        text=text,
        email=email,
        language=language,
    )


@outbox.task("certportal.mail_feedback")
def mail_feedback(
    *, item: OutboxItem, now: datetime, about: str, text: str, email: str, language: str
) -> None:
    """Send the feedback to the people who mend the service, in the agency's own language."""
    contact = public.contact()
    accessibility = about == "accessibility"
    answer_to = email or "(ei vastausosoitetta)"
    message = mail.Message(
        to=contact["accessibility" if accessibility else "certificates"],
        subject=f"{SUBJECTS[about]}: sote-varmenteiden tilauspalvelu",
        text=f"Vastausosoite: {answer_to}\nKieli: {language}\n\n{text}\n",
        language="fi",
    )
    mail.send(message, item_id=item.id)
