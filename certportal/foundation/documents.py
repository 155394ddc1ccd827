"""What an uploaded document is, and how its name is shown. Pure: bytes and texts only.

A PDF is taken only when it begins and ends as one, so that a file which is a PDF and something
else at once (a web page, an archive) is refused. Nothing in it is ever unpacked here.
"""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import Refused

MAX_BYTES = 10 * 1024 * 1024
PDF = "application/pdf"
LONGEST_NAME = 100
# Said beside the field when the scanner does not answer.
NOT_SCANNED = _(
    "The file could not be checked for viruses just now. Choose it again in a few minutes. What"
    " you wrote in the other fields is kept."
)

# ISO 32000-2, 7.5.2 (header at the very beginning) and 7.5.5 (startxref, offset, %%EOF at the end).
_HEADER = re.compile(rb"%PDF-[12]\.[0-9][\r\n ]")
_END = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF\s*\Z")
_XREF = re.compile(rb"\s*(xref\b|\d+\s+\d+\s+obj\b)")
_ARCHIVE = b"PK\x05\x06"  # the end record of a ZIP, which readers seek in the last 64 kB
# What makes a document act or carry further files (ISO 32000-2, 12.6.4 and 7.11.4).
_ACTIVE = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia)(?![A-Za-z0-9])")


# Any character of a name may be written as its number (ISO 32000-2, 7.3.5).
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")


class Unfit(Refused):
    """The document is not taken; the message says why and what to do."""


class NotPdf(Unfit):
    """The file is not what it must be: a whole PDF."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The file is not a PDF document, or it is not whole. Choose a PDF."))


class ActivePdf(Unfit):
    """The document holds programs or other files."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _(
                "The PDF holds programs or other files, which we do not accept. Print it as a new"
                " PDF and attach that."
            )
        )


class TooBig(Unfit):
    """The file is larger than we take."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The file must be at most 10 MB."))


class Infected(Unfit):
    """The virus scanner knows what the document carries."""

    def __init__(self, found: str) -> None:
        """Word it with the scanner's name for what it found."""
        text = _(
            "The virus scanner found %(found)s in the file, and we have not kept it. Have the"
            " computer it comes from checked, and attach a clean PDF."
        )
        super().__init__(text % {"found": found})


class NotStored(Unfit):
    """The file cannot be kept now, such as on a full disk. It can be sent again."""

    status = 503

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The file could not be saved just now. Try again later."))


def check_pdf(data: bytes) -> None:
    """Accept a whole, passive PDF; else raise TooBig, NotPdf or ActivePdf."""
    if len(data) > MAX_BYTES:
        raise TooBig
    if not _is_pdf(data):
        raise NotPdf
    if _ACTIVE.search(_HEX.sub(_plain, data)):
        raise ActivePdf


def _plain(written: re.Match[bytes]) -> bytes:
    return bytes.fromhex(written[1].decode())


def _is_pdf(data: bytes) -> bool:
    end = _END.search(data, max(0, len(data) - 1024))
    if not _HEADER.match(data) or end is None or _ARCHIVE in data[-65600:]:
        return False
    return bool(_XREF.match(data, min(int(end[1]), len(data))))


def clean_name(given: str) -> str:
    """Return the uploader's file name for display: one path component, visible characters only.

    Control and format characters go (line breaks, NUL, marks that turn the writing direction);
    the name always ends in `.pdf`.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    visible = "".join(" " if c.isspace() else c for c in last if _is_visible(c) or c.isspace())
    stem = re.sub(r"\.pdf\Z", "", " ".join(visible.split()).rstrip(". "), flags=re.IGNORECASE)
    return f"{stem.strip('. ')[:LONGEST_NAME].strip('. ') or 'liite'}.pdf"


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] != "C"
