"""The text of an order's papers as HTML: what `papers` renders, and a reviewer reads beforehand."""

import json
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from applications.documents import submission_words
from applications.models import Decision, Submission
from applications.models.certificate_types import CertificateType
from certportal.foundation import agency, clock

ALONE, WITHIN_A_PAGE = (f"applications/papers/{name}.html" for name in ("_base", "_within"))
"""Layouts of a text: as a document of its own, or without head and letterhead."""

# Keys of a submission that the table of facts leaves out: shown elsewhere in the document.
APART = frozenset({"declarations", "person_name", "organisation", "business_id"})


def receipt(submission: Submission) -> str:
    """Return the receipt of a submission: its contents, declarations, hash and signer."""
    content = _content(submission)
    facts = {
        "submission": submission,
        "sent_at": submission.at.astimezone(clock.HELSINKI),
        "declared": content.get("declared", []),
    }
    return _text("receipt", submission, facts, submission.at)


def decision(made: Decision, *, layout: str = ALONE) -> str:
    """Return the decision with the contents that hallintolaki 44–46 § require.

    These are the authority and date, the parties, what is decided, the reasons with the provisions
    applied, whom to ask for more information, and how to appeal.
    """
    facts = {
        "decision": made,
        "decided_on": clock.day(made.at),
        "sent_on": clock.day(made.submission.at),
        "layout": layout,
    }
    return _text("decision", made.submission, facts, made.at)


def _text(template: str, submission: Submission, facts: dict[str, Any], at: datetime) -> str:
    content = _content(submission)
    kind = CertificateType(content["type"])
    with translation.override(submission.language):
        common = {
            "content": content,
            "facts": submission_words.facts(content, without=APART),
            "number": submission.application.number,
            "type": kind.label,
            "is_test": kind.is_test,
            "language": submission.language,
            "created": at.isoformat(timespec="seconds"),
            "contact": agency.contact(),
            "appeal": agency.appeal(),
            "provisions": agency.provisions(),
        }
        return render_to_string(f"applications/papers/{template}.html", common | facts)


def _content(submission: Submission) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(submission.content)
    return content
