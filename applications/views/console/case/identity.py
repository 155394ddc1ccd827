"""The top of every page about a case: its context, and what keeps the reader from acting."""

from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Person
from applications.documents.certificate_files import certificate_of
from applications.errors import NotPossible
from applications.models import Application
from applications.rules import case_holder, impartiality
from applications.rules.last_submission import Sent
from applications.services.reviewer import revocation
from applications.services.reviewer.may_act import Case
from applications.views.console.queue import ready_made
from applications.views.shared.due import due
from applications.views.shared.page import about
from applications.views.shared.rows import (
    beside_organisation,
    condition,
    environment_words,
    standings,
)
from applications.workflow import ENDED, Action
from certportal.foundation import clock
from certportal.foundation.database.related_rows import related_row


def identity(application: Application, person: Person, *, now: datetime) -> dict[str, Any]:
    """Return the context for the top of every page about the case."""
    certificate, sent = certificate_of(application), application.submission
    record = related_row(sent, "record") if sent else None
    return about(application) | {
        "standing": standings([application], now=now)[application.pk],
        "business_id": Sent.of(application).business_id,
        "unit": beside_organisation(record.long_name, application.organisation.name)
        if record
        else "",
        "environment_name": environment_words(is_test=application.kind.is_test),
        "certificate": certificate,
        "condition": certificate and condition(certificate, now=now),
        "due": due(application, now=now),
        "is_mine": application.reviewer_id == person.pk,
        "is_aside": (until := application.aside_until) is not None and until > clock.day(now),
        "bias": impartiality.bias(person, application, now=now),
        "question": application.question,
        "is_ended": application.status in ENDED,
        "to_take": partial(ready_made.waits, person, now),
    }


def kept_from(
    action: Action, application: Application, person: Person, *, now: datetime
) -> list[str]:
    """Return in words the reader's obstacles to the action and who else could do it; [] if none."""
    case = Case(application, person, now=now)
    obstacles = list(case.obstacles(action))
    if not obstacles:
        return []
    impossible = next((error for error in obstacles if isinstance(error, NotPossible)), None)
    if impossible is not None:
        return [str(impossible)]
    shown = [case.bias] if case.bias in obstacles else obstacles
    return [*map(str, shown), *_who_can(case)]


def _who_can(case: Case) -> list[str]:
    """Return a sentence about who can act on the case instead of the reader, if known."""
    application = case.application
    if not case_holder.is_free(application) and not case.is_mine:
        return [_("%(person)s has the case.") % {"person": application.reviewer}]
    if case.bias is not None:
        return [_("Any reviewer without a part in it can take the case when it is free.")]
    return []


def kept_from_proposing(application: Application, person: Person, *, now: datetime) -> list[str]:
    """Return in words the reader's obstacles to proposing a revocation by two reviewers."""
    obstacles = list(map(str, revocation.to_propose(application, person, now=now)))
    if impartiality.bias(person, application, now=now):
        obstacles.append(_("Any reviewer without a part in it can propose to revoke it."))
    return obstacles
