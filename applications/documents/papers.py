"""Render an order's papers as PDF/UA: receipts, decisions, notices of revocation, and sheets for
installing a certificate.

All are rendered from immutable rows, in the submission's language or, for a sheet, that of the page
on which it was asked for, so that a row always gives the same document. Rendering loads nothing
from the network, and only the font from disk. Only workers render: an import contract checks that
no web process imports this module.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from applications.documents import paper_text, typeface
from applications.models import Application, Decision, Paper, Submission
from applications.models.certificate_types import CertificateType
from certportal.foundation import agency
from certportal.foundation.mail.sending import File
from issuance.models import CeremonyRecord, Certificate

PDF = "application/pdf"
FONTS = {f"paper:{weight}": weight for weight in typeface.WEIGHTS}  # by their addresses
STYLE = settings.BASE_DIR / "templates" / "applications" / "papers" / "paper.css"


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
    """Render a paper from its submission, decision or certificate."""
    if paper.submission is not None:
        return receipt(paper.submission)
    if paper.certificate is not None:
        return revocation(paper.certificate, paper.application)
    if paper.installing is not None:
        return installing_sheet(paper.installing, paper.application, paper.language)
    if paper.decision is None:
        raise ValueError(f"paper {paper.pk} has no source")
    return decision(paper.decision)


def seal_label(language: str) -> str:
    """Return the name of the seal that PDF readers show, in the language of the paper."""
    with translation.override(language):
        return gettext("Electronic seal of %(agency)s") % agency.contact()


def receipt(submission: Submission) -> File:
    name = "receipt" if submission.number == 1 else f"receipt-{submission.number}"
    return _of_submission(submission, paper_text.receipt(submission), name)


def decision(decided: Decision) -> File:
    """Return the document of a decision that approves or rejects."""
    return _of_submission(decided.submission, paper_text.decision(decided), "decision")


def revocation(certificate: Certificate, application: Application) -> File:
    """Return the notice that the order's certificate was revoked."""
    pdf = _pdf(paper_text.revocation(certificate, application), certificate.sha256)
    return _file(application, application.kind, pdf, "revocation")


def installing_sheet(certificate: Certificate, application: Application, language: str) -> File:
    """Return the sheet with instructions for installing the order's certificate."""
    text = paper_text.installing_sheet(certificate, application, language)
    return _file(application, application.kind, _pdf(text, certificate.sha256), "install")


def ceremony(record: CeremonyRecord) -> File:
    """Return the record of a key ceremony, in English like the record itself."""
    identifier = hashlib.sha256(record.text.encode()).hexdigest()
    return File(f"{record.name}.pdf", _pdf(paper_text.ceremony(record), identifier), PDF)


def _of_submission(submission: Submission, html: str, name: str) -> File:
    kind = CertificateType(json.loads(submission.content)["type"])
    return _file(submission.application, kind, _pdf(html, submission.sha256), name)


def _file(application: Application, kind: CertificateType, pdf: bytes, name: str) -> File:
    prefix = "TEST-" if kind.is_test else ""
    return File(f"{prefix}{application.number}_{name}.pdf", pdf, PDF)


def _pdf(html: str, identifier: str) -> bytes:
    fonts, style = _present_style()
    pdf: bytes = HTML(string=html, url_fetcher=_fetcher()).write_pdf(
        stylesheets=[style],
        font_config=fonts,
        pdf_variant="pdf/ua-1",
        pdf_identifier=identifier[:32].encode(),
    )
    return pdf


def _present_style() -> tuple[FontConfiguration, CSS]:
    """Return the style sheet and its fonts, created again if a font file is missing.

    The system may delete old files from the temporary folder while a worker runs for weeks.
    """
    fonts, style, files = _style()
    if not all(file.exists() for file in files):
        forget_style()
        fonts, style, _files = _style()
    return fonts, style


@cache
def _style() -> tuple[FontConfiguration, CSS, list[Path]]:
    """Return the style sheet, its fonts and the font files, created once in a process.

    The files exist until `forget_style` is called.
    """
    fonts = FontConfiguration()
    style = CSS(string=STYLE.read_text("utf-8"), font_config=fonts, url_fetcher=_fetcher())
    folder: Path | None = fonts._folder  # no public attribute
    return fonts, style, list(folder.iterdir()) if folder is not None else []


def load_before_fork() -> None:
    """Load what the processes of a worker can share: the font's weights and the CSS parser.

    The fonts are not registered here: that starts a thread of Pango, which a forked process lacks
    and would wait for.
    """
    for weight in typeface.WEIGHTS:
        typeface.in_weight(weight)
    CSS(string=STYLE.read_text("utf-8"), url_fetcher=_fetcher())


def forget_style() -> None:
    """Remove the font files; the next paper creates them again."""
    _style.cache_clear()


@cache
def _fetcher() -> OnlyFont:
    """Return a shared fetcher, because creating one reads all root certificates for https."""
    return OnlyFont()
