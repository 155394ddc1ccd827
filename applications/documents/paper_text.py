"""The text of an order's papers as HTML, which `papers` renders and reviewers preview."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from applications.documents import installing
from applications.models import Application, Decision, Submission
from applications.models.certificate_types import CertificateType
from applications.models.revocation import reason_words
from applications.rules import fields, hearing
from applications.rules.revocation import asked_by
from certportal.foundation import agency, clock
from issuance.models import CeremonyRecord, Certificate

ALONE, WITHIN_A_PAGE = (f"applications/papers/{name}.html" for name in ("_base", "_within"))
"""Layouts: a complete document, or a part of a page without head and letterhead."""

# Keys of a submission that the table of facts omits, because the document shows them elsewhere.
APART = frozenset({"declarations", "person_name", "organisation", "business_id"})


# Letters that fit in a line of a sheet's column.
IN_A_LINE = 65


def receipt(submission: Submission) -> str:
    """Return the receipt of a submission: its contents, declarations, hash and signer."""
    content = _content(submission)
    facts = {
        "submission": submission,
        "sent_at": submission.at.astimezone(clock.HELSINKI),
        "declared": content.get("declared", []),
    }
    return _of_submission("receipt", submission, facts, submission.at)


def decision(decided: Decision, *, layout: str = ALONE) -> str:
    """Return the decision with the contents that hallintolaki 44–46 § require.

    These are the authority and date, the parties, what is decided, the reasons with the provisions
    applied, whom to ask for more information, and how to appeal.
    """
    facts = {
        "decision": decided,
        "decided_on": clock.day(decided.at),
        "sent_on": clock.day(decided.submission.at),
        "layout": layout,
        "heard": _heard(decided),
        "exception": hearing.EXCEPTIONS.get(Decision.Unheard(decided.unheard))
        if decided.unheard
        else "",
    }
    return _of_submission("decision", decided.submission, facts, decided.at)


def _heard(decided: Decision) -> dict[str, Any] | None:
    """Return when the party was heard before a rejection, and when it answered; or None."""
    last_hearing = hearing.last(decided.application, before=decided.at)
    if decided.kind != Decision.Kind.REJECTED or decided.unheard or last_hearing is None:
        return None
    is_answered = last_hearing.closed_at is not None and last_hearing.closed_at < decided.at
    answered_on = (
        clock.day(last_hearing.closed_at) if last_hearing.closed_at and is_answered else None
    )
    return {
        "on": clock.day(last_hearing.asked_at),
        "by": last_hearing.deadline,
        "answered_on": answered_on,
    }


def revocation(certificate: Certificate, application: Application) -> str:
    """Return the notice of a revocation: which certificate, when, why, and at whose request."""
    assert certificate.revoked_at is not None
    with translation.override(application.language):
        facts = {
            "certificate": certificate,
            "organisation": application.organisation,
            "revoked_at": certificate.revoked_at.astimezone(clock.HELSINKI),
            "reason": reason_words(certificate.revocation_reason),
            "asked_by": asked_by(certificate),
            "issuer": certificate.issuing_ca.certificate.subject.rfc4514_string(),
        }
    return _text("revocation", application, application.kind, facts, certificate.revoked_at)


def installing_sheet(certificate: Certificate, application: Application, language: str) -> str:
    """Return the sheet with instructions for installing the certificate."""
    with translation.override(language):
        recipes = installing.recipes(application, certificate)
        checks = installing.check(application, certificate)
        facts = {
            "language": language,
            "application": application,
            "certificate": certificate,
            "issued_on": clock.day(certificate.issued_at),
            "files": installing.names(application, certificate),
            "columns": _columns([piece for one in recipes for piece in one.pieces] + checks),
            "checks": checks,
            "base": settings.PORTAL_BASE_URL,
        }
    return _text("installing", application, application.kind, facts, certificate.issued_at)


def _columns(pieces: list[installing.Piece]) -> list[list[installing.Piece]]:
    """Return the pieces of each of a sheet's two columns, about as long as each other."""
    lines = [2 + sum(1 + len(line) // IN_A_LINE for line in one.text.split("\n")) for one in pieces]
    left = min(range(len(pieces) + 1), key=lambda end: max(sum(lines[:end]), sum(lines[end:])))
    return [pieces[:left], pieces[left:]]


def ceremony(record: CeremonyRecord) -> str:
    """Return the record of a key ceremony; each block of the record becomes a table."""
    *blocks, last = [block.split("\n") for block in record.text.strip().split("\n\n")]
    signed = [line.partition("  ")[2] for line in last if line.startswith("Signed:")]
    with translation.override("en"):
        facts = {
            "parts": [(title, _rows(lines)) for title, *lines in blocks + [last] * (not signed)],
            "signed": signed,
            "number": record.name,
            "at": record.at,
            "created": record.at.isoformat(timespec="seconds"),
            "language": "en",
            "contact": agency.contact(),
        }
        return render_to_string("applications/papers/ceremony.html", facts)


def _rows(lines: Sequence[str]) -> list[tuple[str, str]]:
    parted = [line.strip().partition("  ") for line in lines]
    return [(name, value.strip()) for name, _, value in parted]


def _of_submission(
    template: str, submission: Submission, facts: dict[str, Any], at: datetime
) -> str:
    content, language = _content(submission), submission.language
    with translation.override(language):
        common = {"content": content, "facts": _facts(content, without=APART), "language": language}
    kind = CertificateType(content["type"])
    return _text(template, submission.application, kind, common | facts, at)


def _text(
    template: str,
    application: Application,
    kind: CertificateType,
    facts: dict[str, Any],
    at: datetime,
) -> str:
    language = facts.get("language", application.language)
    with translation.override(language):
        common = {
            "number": application.number,
            "type": kind.label,
            "is_test": kind.is_test,
            "language": language,
            "created": at.isoformat(timespec="seconds"),
            "contact": agency.contact(),
            "appeal": agency.appeal(),
            "provisions": agency.provisions(),
        }
        return render_to_string(f"applications/papers/{template}.html", common | facts)


def _content(submission: Submission) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(submission.content)
    return content


def _facts(content: dict[str, Any], *, without: frozenset[str]) -> list[tuple[str, str]]:
    """Return (label, value) of each field with a value or a text for "unset", in the form's order.


    `content` is a submission's parsed JSON; `without` are keys to leave out.
    """
    return [
        (str(field.label), field.in_words(content[field.key]))
        for field in fields.FIELDS
        if field.label and field.key in content.keys() - without
        if field.in_words(content[field.key])
    ]
