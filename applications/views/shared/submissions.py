"""The contents of a submission, and the differences between two, in words."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from applications.models import Submission
from applications.rules.fields import FIELDS, Field
from certportal.foundation.text.invisible import as_taken


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


def changes(submissions: list[Submission]) -> list[Change]:
    """Return the differences between the last two submissions; [] if there is only one.

    Documents sent along are no change: each submission has its own. Nor is the first certificate
    request: it came before the order's review, and so before any answer.
    """
    if len(submissions) < 2:
        return []
    before, after = (json.loads(submission.content) for submission in submissions[-2:])
    differing = [
        field
        for field in FIELDS
        if field.label and field.key != "answer_documents"
        # An earlier version of the service may not have added this value when sending.
        if field.part or field.key in before
        if field.key != "csr" or before.get("csr")
        if _taken(before.get(field.key)) != _taken(after.get(field.key))
    ]
    return [
        Change(
            str(field.label),
            plain(field, before.get(field.key)),
            plain(field, after.get(field.key)),
        )
        for field in differing
    ]


def _taken(value: Any) -> Any:
    """Return the value with its texts as forms take them today; earlier ones kept what came."""
    if isinstance(value, list):
        return [_taken(one) for one in value]
    return as_taken(value) if isinstance(value, str) else value


def contents(submission: Submission, among: Sequence[Field] = FIELDS) -> list[tuple[str, str]]:
    """Return the frozen fields, or those `among` them, with their names."""
    frozen = json.loads(submission.content)
    present = [field for field in among if field.label and field.key in frozen]
    return [(str(field.label), plain(field, frozen[field.key])) for field in present]


def plain(field: Field, value: Any) -> str:
    """Return a frozen value in words, "none" if it is empty."""
    return field.in_words(value) or _("none")
