"""Feedback on the service: rate-limited, recorded without its text, and sent by mail."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import get_language

from certportal.foundation import agency
from certportal.foundation.actors import Actor
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject, record
from certportal.foundation.mail import mails
from certportal.foundation.outbox import outbox
from certportal.foundation.web import limits

MOST_AN_HOUR = 5
SUBJECTS = {"accessibility": "Saavutettavuuspalaute", "fault": "Vikailmoitus", "idea": "Palaute"}


@transaction.atomic
def give(*, about: str, text: str, email: str, address: str, now: datetime) -> None:
    """Record feedback and enqueue its mail to the agency.

    *about* is a key of ``SUBJECTS``; *email* may be empty; *address* is the visitor's network
    address. Raises TooMany after five in an hour from one address.
    """
    limits.spend_from("feedback", address, most=MOST_AN_HOUR, per=timedelta(hours=1), now=now)
    visitor = Actor("visitor", address=address)
    subject = Subject("feedback", uuid.uuid4())
    record(ServiceEvent.FEEDBACK_GIVEN, subject, actor=visitor, now=now, about=about)
    language = get_language() or "fi"
    outbox.enqueue(
        "feedback.given", now=now, about=about, text=text, email=email, language=language
    )


def _agency(given: Mapping[str, str], _asked: mails.Asked) -> mails.To:
    about = "accessibility" if given["about"] == "accessibility" else "certificates"
    return mails.To(agency.contact()[about], "fi")


MAILS = mails.registry(
    mails.Mail(
        "pages/mail/feedback",
        about=lambda asked: asked.payload,
        to=_agency,
        context=lambda given, _asked: {**given, "kind": SUBJECTS[given["about"]]},
    )
)
mail_feedback = mails.task("certportal.mail_feedback", MAILS, only="feedback")
