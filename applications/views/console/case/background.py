"""What is known of the organisation already: earlier orders, decisions, certificates, changes."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from applications.documents.certificate_files import orders_of
from applications.models import Application, Submission
from applications.rules.fields import FIELDS, Field
from applications.views.shared.rows import Condition, condition, standings
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
        Change(str(one.label), plain(one, before.get(one.key)), plain(one, after.get(one.key)))
        for one in FIELDS
        # What sending adds may be no part of a submission made by an earlier version.
        if one.label and (one.part or one.key in before)
        if before.get(one.key) != after.get(one.key)
    ]


def contents(submission: Submission) -> list[tuple[str, str]]:
    """Return the frozen fields with their names."""
    frozen = json.loads(submission.content)
    given = [one for one in FIELDS if one.label and one.key in frozen]
    return [(str(one.label), plain(one, frozen[one.key])) for one in given]


def plain(field: Field, value: Any) -> str:
    """Return a frozen value in words, also one that was not given."""
    return field.in_words(value) or _("none")


def earlier(application: Application, *, now: datetime) -> list[tuple[Application, Condition]]:
    """Return the organisation's other submitted orders and how they stand, newest first."""
    others = Application.objects.filter(organisation=application.organisation_id)
    submitted = others.exclude(pk=application.pk).exclude(status=Status.DRAFT)
    found = list(submitted.prefetch_related("decisions").order_by("-submitted_at")[:MOST])
    stand = standings(found, now=now)
    return [(one, stand[one.pk]) for one in found]


def certificates(application: Application, *, now: datetime) -> list[tuple[Certificate, Condition]]:
    """Return the organisation's certificates and how they stand, newest first."""
    found = Certificate.objects.filter(reference__in=orders_of(application.organisation))
    newest = found.order_by("-issued_at")[:MOST]
    return [(one, condition(one, now=now)) for one in newest]
