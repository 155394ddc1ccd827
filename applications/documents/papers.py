"""Papers of an order as PDF/UA: the receipt of a submission, and the decision that rejects.

Both are made from what was frozen alone, in the language of the case, so that the same row gives
the same document whenever it is asked for. Nothing is fetched from the network or from the disk
but the typeface.
"""

import json
import logging
import os
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from applications import frozen
from applications.kinds import CertificateType
from applications.models import Application, Decision, Submission
from certportal import public
from certportal.fonts import packaged_font
from certportal.foundation import clock
from certportal.foundation.mail import File

PDF = "application/pdf"
FONT = "paper:font"
STYLE = settings.BASE_DIR / "templates" / "applications" / "papers" / "paper.css"
# Told apart from the facts of the order, or of no use to a reader.
APART = frozenset({"declarations", "person_name", "organisation", "business_id"})
# It tells each glyph and table that it draws; only its warnings are of use.
logging.getLogger("fontTools").setLevel(logging.WARNING)


# The typeface's part in a paper carries the time of its making, which would make two renderings
# of the same paper differ; fontTools takes the time from here (reproducible-builds.org).
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")


class Forbidden(FatalURLFetchingError):
    """A paper asked for something other than its typeface."""


class OnlyFont(URLFetcher):
    """Hands over the typeface; whatever else a paper would load stops the rendering."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Return the font of the service. Raises Forbidden for any other address."""
        if url != FONT:
            raise Forbidden(url)
        return URLFetcherResponse(url, _font(), {"Content-Type": "font/ttf"})


def receipt(submission: Submission) -> File:
    """Return the receipt of what was sent, with every declaration, its hash and the signer."""
    content = json.loads(submission.content)
    facts = {
        "submission": submission,
        "content": content,
        "sent_at": _local(submission.at),
        "declared": content.get("declared", []),
    }
    with translation.override(submission.language):
        facts["facts"] = frozen.facts(content, without=APART)
    name = "receipt" if submission.number == 1 else f"receipt-{submission.number}"
    return _paper("receipt", submission, facts, submission.at, name)


def rejection(decision: Decision) -> File:
    """Return the decision as hallintolaki 44–46 § want it.

    Authority and date, parties, what is decided, reasons, who tells more, and how to appeal.
    """
    content = json.loads(decision.submission.content)
    facts = {
        "decision": decision,
        "content": content,
        "decided_on": clock.day(decision.at),
        "sent_on": clock.day(decision.submission.at),
    }
    return _paper("rejection", decision.submission, facts, decision.at, "decision")


def last_rejection(application: Application) -> Decision | None:
    """Return the newest decision that rejected the order, if one did."""
    return application.decisions.filter(kind=Decision.Kind.REJECTED).last()


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
                "contact": public.contact(),
                "appeal": public.appeal(),
            },
        )
    prefix = "TEST-" if kind.is_test else ""
    return File(f"{prefix}{application.number}_{name}.pdf", _pdf(html, submission.sha256), PDF)


def _pdf(html: str, identifier: str) -> bytes:
    fonts, fetcher = FontConfiguration(), OnlyFont()
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
def _font() -> bytes:
    return packaged_font().read_bytes()
