"""A ZIP file with a certificate, its papers, and its events with their receipts."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from applications.documents.certificate_files import files, stem
from applications.models import Application
from applications.rules import hearing_documents
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.receipts import SUFFIX, Receipt
from certportal.foundation.event_names import words
from certportal.foundation.files import storing
from certportal.foundation.mail.sending import File
from issuance.models import Certificate

MEDIA_TYPE = "application/zip"
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The date of each file in the ZIP file, the earliest possible; so that its bytes do not vary."""


def life(
    application: Application,
    certificate: Certificate,
    receipts: Sequence[Receipt],
    verifier: Verifier,
    *,
    left_out: int = 0,
) -> File:
    """Return the ZIP file; its README, in the active language, counts the events left out."""
    ordered = sorted(receipts, key=lambda receipt: receipt.index)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in _contents(application, certificate, ordered, verifier):
            bundle.writestr(zipfile.ZipInfo(name, _EARLIEST), data)
        readme = _readme(application, ordered, left_out).encode()
        bundle.writestr(zipfile.ZipInfo("README.txt", _EARLIEST), readme)
    return File(f"{stem(application, certificate)}_life.zip", content.getvalue(), MEDIA_TYPE)


def _contents(
    application: Application,
    certificate: Certificate,
    receipts: Sequence[Receipt],
    verifier: Verifier,
) -> Iterator[tuple[str, bytes]]:
    certificate_files = files(application, certificate)
    for kind in ("der", "chain"):
        yield certificate_files[kind].name, certificate_files[kind].content
    yield "event-log.vkey", f"{verifier}\n".encode()
    for receipt in receipts:
        yield _name(receipt), str(receipt).encode()
    for paper in application.papers.exclude(made_at=None).order_by("pk"):
        yield f"papers/{paper.name}", storing.read(paper.file)
    for document in hearing_documents.sent(application):
        yield f"hearing/{document.sha256[:12]}-{document.name}", storing.read(document.file)


def _readme(application: Application, receipts: Sequence[Receipt], left_out: int) -> str:
    title = _("The life of the certificate of order %(number)s") % {"number": application.number}
    how = _(
        "Each event is in a file of its own, which proves that it was recorded: check it on"
        " the page “Check an event receipt” or with any program that knows c2sp.org/tlog-proof."
        " The key of the log is in event-log.vkey; compare it with the one that you know."
    )
    lines = [title, "", how, "", *map(_line, receipts), ""]
    if left_out:
        more = _("Left out: %(count)s events. They are on the order's page with their receipts.")
        lines += [more % {"count": left_out}, ""]
    return "\n".join(lines)


def _name(receipt: Receipt) -> str:
    return f"events/{receipt.index:09}-{receipt.event['action']}{SUFFIX}"


def _line(receipt: Receipt) -> str:
    event = receipt.event
    at = localtime(datetime.fromisoformat(event["at"]))
    moment = date_format(at, "SHORT_DATETIME_FORMAT")
    return f"{moment}  {words(event['action'])}\n    {_name(receipt)}"
