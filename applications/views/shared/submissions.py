"""What stands in a submission, and what differs between two, in words."""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from applications.models import Submission
from applications.rules.fields import FIELDS, Field


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
