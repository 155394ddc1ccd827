"""The context of the top of every page about a case."""

from datetime import datetime
from typing import Any

from accounts.models import Person
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.rules import impartiality
from applications.rules.last_submission import Sent
from applications.views.shared.due import due
from applications.views.shared.page import about
from applications.views.shared.rows import condition, environment_words, standings
from applications.workflow import ENDED
from certportal.foundation import clock


def identity(application: Application, person: Person, *, now: datetime) -> dict[str, Any]:
    """Return the context for the top of every page about the case."""
    certificate = certificate_of(application)
    return about(application) | {
        "standing": standings([application], now=now)[application.pk],
        "business_id": Sent.of(application).business_id,
        "environment_name": environment_words(is_test=application.kind.is_test),
        "certificate": certificate,
        "condition": certificate and condition(certificate, now=now),
        "due": due(application, now=now),
        "is_mine": application.reviewer_id == person.pk,
        "is_aside": (until := application.aside_until) is not None and until > clock.day(now),
        "bias": impartiality.bias(person, application, now=now),
        "question": application.question,
        "is_ended": application.status in ENDED,
    }
