"""Rendering of an order's papers as PDF/UA: the receipt of a submission, the decision to reject.

Both are rendered from frozen rows, in the submission's language, so that the same row always gives
the same document. Rendering loads nothing from the network, and only the font from disk. Only
workers do it: no web process imports this module, which an import contract checks.
"""

import json
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from applications.documents import submission_words, typeface
from applications.models import Decision, Paper, Submission
from applications.models.certificate_types import CertificateType
from certportal.foundation import agency, clock
from certportal.foundation.mail.sending import File

PDF = "application/pdf"
FONTS = {f"paper:{weight}": weight for weight in typeface.WEIGHTS}  # by their addresses
STYLE = settings.BASE_DIR / "templates" / "applications" / "papers" / "paper.css"
# Keys of a submission that the table of facts leaves out: shown elsewhere in the document.
APART = frozenset({"declarations", "person_name", "organisation", "business_id"})


class Forbidden(FatalURLFetchingError):
    """A document referred to something other than the font."""


class OnlyFont(URLFetcher):
    """Serves the font; any other address that a document refers to aborts the rendering."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Return the font of the service in a weight. Raises Forbidden for any other address."""
        if url not in FONTS:
            raise Forbidden(url)
        font = typeface.in_weight(FONTS[url])
        return URLFetcherResponse(url, font, {"Content-Type": "font/ttf"})


def render(paper: Paper) -> File:
    """Return the file of a paper, rendered anew from its submission or decision."""
    if paper.submission is not None:
        return receipt(paper.submission)
    if paper.decision is None:
        raise ValueError(f"paper {paper.pk} has no source")
    return rejection(paper.decision)


def receipt(submission: Submission) -> File:
    """Return the receipt of a submission: its contents, declarations, hash and signer."""
    content = json.loads(submission.content)
    facts = {
        "submission": submission,
        "content": content,
        "sent_at": _local(submission.at),
        "declared": content.get("declared", []),
    }
    with translation.override(submission.language):
        facts["facts"] = submission_words.facts(content, without=APART)
    name = "receipt" if submission.number == 1 else f"receipt-{submission.number}"
    return _paper("receipt", submission, facts, submission.at, name)


def rejection(decision: Decision) -> File:
    """Return the document of a rejection with the contents that hallintolaki 44–46 § require.

    These are the authority and date, the parties, what is decided, the reasons, whom to ask for
    more information, and how to appeal.
    """
    content = json.loads(decision.submission.content)
    facts = {
        "decision": decision,
        "content": content,
        "decided_on": clock.day(decision.at),
        "sent_on": clock.day(decision.submission.at),
    }
    return _paper("rejection", decision.submission, facts, decision.at, "decision")


def _paper(
    template: str, submission: Submission, facts: dict[str, Any], at: datetime, name: str
) -> File:
    application = submission.application
    kind = CertificateType(json.loads(submission.content)["type"])
    with translation.override(submission.language):
        html = render_to_string(
            f"applications/papers/{template}.html",
            facts
            | {
                "number": application.number,
                "type": kind.label,
                "is_test": kind.is_test,
                "language": submission.language,
                "created": at.isoformat(timespec="seconds"),
                "contact": agency.contact(),
                "appeal": agency.appeal(),
            },
        )
    prefix = "TEST-" if kind.is_test else ""
    return File(f"{prefix}{application.number}_{name}.pdf", _pdf(html, submission.sha256), PDF)


def _pdf(html: str, identifier: str) -> bytes:
    fonts, fetcher = FontConfiguration(), _fetcher()
    style = CSS(string=STYLE.read_text("utf-8"), font_config=fonts, url_fetcher=fetcher)
    pdf: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf(
        stylesheets=[style],
        font_config=fonts,
        pdf_variant="pdf/ua-1",
        pdf_identifier=identifier[:32].encode(),
    )
    return pdf


def _local(moment: datetime) -> datetime:
    return moment.astimezone(clock.HELSINKI)


@cache
def _fetcher() -> OnlyFont:
    """The one fetcher: a new one reads all the certificates that https would need."""
    return OnlyFont()
