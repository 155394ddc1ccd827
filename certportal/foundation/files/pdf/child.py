"""The child process: reads a PDF from standard input, writes a verdict and a passive copy.

The first line of output tells whether it is confined, before any input is read; the second is
the verdict as JSON; the rest is the copy. If the process dies, the output is incomplete.
"""

import json
import re
import sys
from contextlib import suppress
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import settings

from ...text.private_keys_in_text import shows_private_key
from .active import Finding, Objects, examine
from .confine import confine
from .passive import get_object, rewrite
from .text import shown_texts

MOST_OBJECTS = 100_000
# Bytes of one unpacked stream, and of all: an A4 page scanned in colour at 600 dpi is 105 MB.
MOST_IN_STREAM = 192 * 1024 * 1024
MOST_IN_ALL = 768 * 1024 * 1024
# Bytes in which private keys are searched at a time; the label of one is shorter than the overlap.
_WINDOW, _OVERLAP = 1024 * 1024, 1024

# qpdf's warnings of a duplicate key, and of a cross-reference entry for a different object.
_AMBIGUOUS = re.compile(r"duplicated key|expected (\d+ \d+|n n) obj")

_END_OF_VERSION = re.compile(rb"%%EOF")

# qpdf's JSON of a string that is no text.
_IN_DIGITS = re.compile(rb'"b:((?:[0-9a-f]{2})*)"')


class TooMuch(Exception):
    """The document exceeds a limit on objects or unpacked size."""


def main() -> None:
    """Read one document from standard input and write the verdict and the copy."""
    _prepare()
    out = sys.stdout.buffer
    out.write(b"confined\n" if confine() else b"unfiltered\n")
    out.flush()
    answer, copy = judge(sys.stdin.buffer.read())
    out.write(json.dumps(answer).encode() + b"\n" + copy)


def _prepare() -> None:
    """Set qpdf's limits, and initialise its random source before opening files is forbidden.

    qpdf needs the random source even to detect that a document is encrypted.
    """
    settings.set_qpdf_limits(
        parser_max_nesting=100,
        parser_max_container_size=200_000,
        max_stream_filters=4,
        flate_max_memory=MOST_IN_STREAM,
        png_max_memory=MOST_IN_STREAM,
        tiff_max_memory=MOST_IN_STREAM,
        run_length_max_memory=MOST_IN_STREAM,
    )
    pikepdf.Pdf.new().save(BytesIO(), encryption=pikepdf.Encryption(owner="-"))


def judge(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the verdict with findings, and the passive copy if the document is passive."""
    try:
        return _open(data)
    except pikepdf.PasswordError:
        return {"verdict": "encrypted"}, b""
    except (TooMuch, MemoryError, RecursionError):
        return {"verdict": "complex"}, b""
    except pikepdf.PikepdfError as error:
        passed = settings.qpdf_limit_errors() or "limit exceeded" in str(error)
        return {"verdict": "complex" if passed else "damaged"}, b""


def _open(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Judge the document without repairing it, because another reader may repair it differently."""
    with pikepdf.open(BytesIO(data), attempt_recovery=False, suppress_warnings=True) as pdf:
        if pdf.is_encrypted:
            return {"verdict": "encrypted"}, b""
        if len(pdf.objects) > MOST_OBJECTS:
            raise TooMuch
        objects, shows_in_strings = _objects(pdf)
        examination = examine(objects)
        if found := examination.found | _found_earlier(data):
            return {"verdict": "active", "found": sorted(found)}, b""
        shows_in_streams = _measure(pdf, objects)
        if shows_in_strings or shows_in_streams or _shows_key(data):
            return {"verdict": "secret"}, b""
        if _is_ambiguous(pdf) or not pdf.pages:
            return {"verdict": "damaged"}, b""
        if _shows_key_in_text(pdf, objects):
            return {"verdict": "secret"}, b""
        return {"verdict": "passive"}, rewrite(pdf, examination.acting)


def _found_earlier(data: bytes) -> set[Finding]:
    """Return the findings in the versions that later updates have replaced (ISO 32000-2, 7.5.6).

    A reader shows such a version if it is the one that was signed. They are repaired if need be:
    the first part of a linearized document is no document, and nothing of it is shown.
    """
    found: set[Finding] = set()
    for end in list(_END_OF_VERSION.finditer(data))[:-1]:
        with (
            suppress(pikepdf.PikepdfError),
            pikepdf.open(BytesIO(data[: end.end()]), suppress_warnings=True) as version,
        ):
            found |= examine(_objects(version)[0]).found
    return found


def _objects(pdf: pikepdf.Pdf) -> tuple[Objects, bool]:
    """Return all objects, without the streams' data, and whether a string shows a private key."""
    written = BytesIO()
    pdf.write_qpdf_json(written, json_stream_data=pikepdf.JSONStreamData.none)
    described = written.getvalue()
    objects: Objects = json.loads(described)["qpdf"][1]
    read = _IN_DIGITS.sub(lambda octets: bytes.fromhex(octets[1].decode()), described)
    return objects, _shows_key(read.replace(b"#20", b" "))


def _measure(pdf: pikepdf.Pdf, objects: Objects) -> bool:
    """Raise TooMuch if the unpacked streams together exceed `MOST_IN_ALL`.

    Returns whether one shows a private key.
    """
    total, shows = 0, False
    for name, entry in objects.items():
        if "stream" in entry:
            size, shows_here = _unpack(pdf, get_object(pdf, name))
            total, shows = total + size, shows or shows_here
            if total > MOST_IN_ALL:
                raise TooMuch
    return shows


def _unpack(pdf: pikepdf.Pdf, stream: pikepdf.Stream) -> tuple[int, bool]:
    """Return the unpacked size in bytes, and whether a private key shows, unless in an image.

    An image is measured without decoding its image format.
    """
    try:
        content = memoryview(stream.get_stream_buffer())
        return len(content), stream.get("/Subtype") != "/Image" and _shows_key(content)
    except pikepdf.DataDecodingError:
        raise
    except pikepdf.PdfError as error:  # qpdf's "unfilterable"
        if settings.qpdf_limit_errors():
            raise TooMuch from error
    filters = stream.get("/Filter")
    if not isinstance(filters, pikepdf.Array) or len(filters) < 2:
        return 0, False
    before = pikepdf.Stream(pdf, stream.read_raw_bytes())  # never saved: nothing refers to it
    before.Filter = pikepdf.Array(list(filters)[:-1])
    return _unpack(pdf, before)


def _shows_key_in_text(pdf: pikepdf.Pdf, objects: Objects) -> bool:
    """Whether the text of a page shows a private key, or that of another stream with resources."""
    described = {
        name: entry["stream"]["dict"] for name, entry in objects.items() if "stream" in entry
    }
    streams = [
        get_object(pdf, name)
        for name, its in described.items()
        if "/Resources" in its or its.get("/Subtype") == "/Form"
    ]
    return any(
        _shows_key(one.encode(errors="replace"))
        for text in shown_texts(pdf, streams)
        for one in (text, text.replace("\n", ""))
    )


def _shows_key(content: bytes | memoryview) -> bool:
    starts = range(0, len(content), _WINDOW)
    return any(shows_private_key(bytes(content[at : at + _WINDOW + _OVERLAP])) for at in starts)


def _is_ambiguous(pdf: pikepdf.Pdf) -> bool:
    """Whether readers may show different content: see `_AMBIGUOUS`."""
    return any(_AMBIGUOUS.search(str(warning)) for warning in pdf.get_warnings())


if __name__ == "__main__":
    main()
