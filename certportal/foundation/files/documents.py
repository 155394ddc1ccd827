"""Checking uploaded PDFs, making viewing copies and cleaning file names.

A PDF is accepted only if it begins and ends as a PDF, which refuses polyglot files (also a web
page or an archive), and if a sandboxed child process that parses it finds no active content; see
docs/decisions/attachments.md. This process does not decompress or parse it.
"""

import binascii
import re
import unicodedata
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _, gettext_noop

from certportal.foundation.errors import Refused, Unavailable
from certportal.foundation.files.pdf.reader import open_pdf
from certportal.foundation.text import invisible
from certportal.foundation.text.private_keys_in_text import shows_private_key
from certportal.foundation.text.wording import filled

MAX_MEGABYTES = 10
MAX_BYTES = MAX_MEGABYTES * 1024 * 1024
PDF = "application/pdf"
LONGEST_NAME = 100
# Django's filter of file sizes finds these in our catalogues; its own Finnish is not Finnish.
gettext_noop("%s KB"), gettext_noop("%s MB")

# ISO 32000-2, 7.5.2 (header at the very beginning) and 7.5.5 (startxref, offset, %%EOF at the end).
_HEADER = re.compile(rb"%PDF-[12]\.[0-9][\r\n ]")
_END = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF\s*\Z")
_XREF = re.compile(rb"\s*(xref\b|\d+\s+\d+\s+obj\b)")
_ARCHIVE = b"PK\x05\x06"  # the end record of a ZIP, which readers seek in the last 64 kB
# Names of active content, searched in the raw bytes: this also finds superseded objects, which a
# reader that repairs files may use (ISO 32000-2, 7.5.6 and 12.6.4).
_ACTIVE = re.compile(
    rb"/(JavaScript|Launch|GoToR|GoToE|SubmitForm|ImportData|EmbeddedFiles?|RichMedia)"
    rb"(?![A-Za-z0-9])"
)
_MEANT = {
    b"JavaScript": "script",
    b"Launch": "launch",
    b"GoToR": "remote",
    b"GoToE": "remote",
    b"SubmitForm": "submit",
    b"ImportData": "submit",
    b"RichMedia": "media",
}
_WORDS = {
    "script": _("programs (such as JavaScript)"),
    "launch": _("a command that starts a program"),
    "remote": _("links to files on a computer or network"),
    "submit": _("a form that sends or fetches data"),
    "files": _("other files inside it"),
    "xfa": _("a dynamic form (XFA)"),
    "media": _("sound, video or 3D content"),
}

# What begins another file, after a byte order mark or blanks: a request has its version first
# (RFC 2986, 4.1), a certificate has it tagged (RFC 5280, 4.1).
_IN_DER = rb"(?:\x30(?:[\x00-\x7f]|\x81.|\x82..)){2}"
_OTHERS = [
    (
        re.compile(
            rb"(?s)\W{0,40}-----BEGIN (?:NEW )?CERTIFICATE REQ|" + _IN_DER + rb"\x02\x01\x00"
        ),
        _(
            "The file is a certificate request, not a PDF document. Give it in the order's part"
            " Certificate request (CSR), and choose a PDF here."
        ),
    ),
    (
        re.compile(
            rb"(?s)\W{0,40}-----BEGIN (?:TRUSTED )?CERTIFICATE-|" + _IN_DER + rb"\xa0\x03\x02"
        ),
        _(
            "The file is a certificate, not a PDF document. An order needs no certificate. Choose a"
            " PDF here."
        ),
    ),
]

_MOST_SEARCHED = 1024 * 1024
"""How much of what is no PDF is searched for a private key: a megabyte takes up to 0.3 s."""


class Unfit(Refused):
    """The document is refused; the message says why and what to do."""


class NotPdf(Unfit):
    message = _(
        "The file is not a PDF document, or it is not whole. Choose a PDF. A photo or a text"
        " document can be saved as a PDF, for example from the print menu."
    )

    @classmethod
    def of(cls, data: bytes) -> "NotPdf":
        """Return the refusal of the data, which says what it is if that is known."""
        words = (words for beginning, words in _OTHERS if beginning.match(data))
        return cls(next(words, None))


class DamagedPdf(NotPdf):
    """The PDF is damaged or ambiguous: readers may show different content."""

    message = _(
        "The PDF is damaged, even if some programs open it. Print it as a new PDF and attach that."
    )


class ActivePdf(Unfit):
    """The document has active content or embedded files."""

    def __init__(self, found: Iterable[str]) -> None:
        """Make the message from the findings (values of `pdf.active.Finding`)."""
        text = _(
            "The PDF holds what we do not accept: %(found)s. Print it as a new PDF and attach that."
            " Printing removes signatures: if the document is signed, ask the person who made"
            " it for one without such content."
        )
        super().__init__(text % {"found": ", ".join(str(_WORDS[kind]) for kind in sorted(found))})


class EncryptedPdf(Unfit):
    message = _(
        "The PDF is protected by a password or encryption, and we cannot accept it. Save it without"
        " protection, or print it as a new PDF, and attach that."
    )


class HoldsPrivateKey(Unfit):
    """The file is a private key, or one stands in the document's text or in the file's name.

    As in a form's field it is not blocked: only what is uploaded as a request is searched for that.
    """

    message = _(
        "The file or its name holds a private key. We did not store it. Consider the key exposed:"
        " make a new key pair, and revoke the certificate of this key if it has one."
    )


class ComplexPdf(Unfit):
    message = _(
        "The PDF is too large or too complex inside to be checked. Print it as a new PDF or scan"
        " the paper again, and attach that."
    )


class TooBig(Unfit):
    message = filled(_("The file must be at most %(limit)s MB."), limit=MAX_MEGABYTES)


class Infected(Unfit):
    """The virus scanner found a known virus."""

    def __init__(self, found: str) -> None:
        text = _(
            "The virus scanner found %(found)s in the file, and we have not kept it. Have the"
            " computer it comes from checked, and attach a clean PDF."
        )
        super().__init__(text % {"found": found})


class NotStored(Unfit, Unavailable):
    """The file cannot be stored now, for example because the disk is full. A retry may succeed."""

    status = 503

    message = _("The file could not be saved just now. Try again later.")


_REFUSALS: dict[str, type[Unfit]] = {
    "encrypted": EncryptedPdf,
    "damaged": DamagedPdf,
    "complex": ComplexPdf,
    "secret": HoldsPrivateKey,
}


def check_pdf(data: bytes) -> None:
    """Check that the data is a complete PDF without active content.

    Takes a fraction of a second; call outside a transaction. Raises TooBig, NotPdf, DamagedPdf,
    EncryptedPdf, ActivePdf, HoldsPrivateKey or ComplexPdf, and Unavailable when no child process is
    available.
    """
    viewing_copy(data)


def viewing_copy(data: bytes) -> bytes:
    """Return a copy of the document's pages without actions. Raises what `check_pdf` raises."""
    if len(data) > MAX_BYTES:
        raise TooBig
    if not _is_pdf(data):
        is_key = shows_private_key(data[:_MOST_SEARCHED])
        raise HoldsPrivateKey if is_key else NotPdf.of(data)
    if found := {_MEANT.get(name, "files") for name in _ACTIVE.findall(_without_escapes(data))}:
        raise ActivePdf(found)
    opened = open_pdf(data)
    if opened.verdict == "passive":
        return opened.copy
    if opened.verdict == "active":
        raise ActivePdf(opened.found)
    raise _REFUSALS[opened.verdict]


def _without_escapes(data: bytes) -> bytes:
    """Return the data with the characters that names write as #xx (ISO 32000-2, 7.3.5).

    The decoder of quoted-printable (RFC 2045, 6.7), which writes them as =xx, reads ten megabytes
    of them in 0.04 s; a function called for each takes seconds. It would join lines at "=", so no
    hash stands before the end of one. Other hashes may become equals signs, which no name has.
    """
    quoted = data.replace(b"=", b"=3D").replace(b"#\r", b" \r").replace(b"#\n", b" \n")
    return binascii.a2b_qp(quoted.replace(b"#", b"="))


def _is_pdf(data: bytes) -> bool:
    end = _END.search(data, max(0, len(data) - 1024))
    if not _HEADER.match(data) or end is None or _ARCHIVE in data[-65600:]:
        return False
    return bool(_XREF.match(data, min(int(end[1]), len(data))))


def clean_name(given: str) -> str:
    """Return the uploaded file's name for display: one path component, visible characters only.

    Control and format characters (line breaks, NUL, bidirectional marks) are removed; the name
    always ends in `.pdf`. Raises HoldsPrivateKey.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    spaced = (" " if character.isspace() else character for character in last)
    visible = "".join(one for one in spaced if unicodedata.category(one)[0] != "C")
    stem = re.sub(r"\.pdf\Z", "", " ".join(visible.split()).rstrip(". "), flags=re.IGNORECASE)
    stem = stem.strip(". ")
    if shows_private_key(given) or shows_private_key(stem):
        raise HoldsPrivateKey
    stem = stem[:LONGEST_NAME].strip(". ")
    return f"{'liite' if invisible.is_blank(stem) else stem}.pdf"
