"""What is known of the organisation already: earlier orders, decisions, certificates, changes."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from applications.delivery import orders_of
from applications.frozen import LABELS, in_words
from applications.models import Application, Submission
from applications.workflow import Status
from issuance.models import Certificate

MOST = 10


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between two submissions."""

    label: str
    before: str
    after: str


def changes(submissions: list[Submission]) -> list[Change]:
    """Return what differs between the last two submissions; nothing when there is only one."""
    if len(submissions) < 2:
        return []
    before, after = (json.loads(one.content) for one in submissions[-2:])
    return [
        Change(str(label), plain(name, before.get(name)), plain(name, after.get(name)))
        for name, label in LABELS.items()
        if before.get(name) != after.get(name)
    ]


def contents(submission: Submission) -> list[tuple[str, str]]:
    """Return the frozen fields with their names."""
    frozen = json.loads(submission.content)
    given = [(name, label) for name, label in LABELS.items() if name in frozen]
    return [(str(label), plain(name, frozen[name])) for name, label in given]


def plain(name: str, value: Any) -> str:
    """Return a frozen value in words, also one that was not given."""
    return in_words(name, value) if value else _("none")


def earlier(application: Application) -> QuerySet[Application]:
    """Return the organisation's other submitted orders with their decisions, newest first."""
    others = Application.objects.filter(organisation=application.organisation_id)
    submitted = others.exclude(pk=application.pk).exclude(status=Status.DRAFT)
    return submitted.prefetch_related("decisions").order_by("-submitted_at")[:MOST]


def certificates(application: Application) -> QuerySet[Certificate]:
    """Return the organisation's certificates, newest first."""
    found = Certificate.objects.filter(reference__in=orders_of(application.organisation))
    return found.order_by("-issued_at")[:MOST]
