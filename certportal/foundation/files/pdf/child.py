"""The child process: reads a PDF from standard input, writes a verdict and a passive copy.

The first line of output tells whether it is confined, before any input is read; the second is
the verdict as JSON; the rest is the copy. If the process dies, the output is incomplete.
"""

import json
import re
import sys
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import settings

from .active import Objects, examine
from .confine import confine
from .passive import get_object, rewrite

CONFINED, UNFILTERED = b"confined\n", b"unfiltered\n"
PASSIVE, ACTIVE, ENCRYPTED, DAMAGED, COMPLEX = (
    *("passive", "active", "encrypted", "damaged", "complex"),
)

MOST_OBJECTS = 100_000
# Bytes of one unpacked stream, and of all: an A4 page scanned in colour at 600 dpi is 105 MB.
MOST_IN_STREAM = 192 * 1024 * 1024
MOST_IN_ALL = 768 * 1024 * 1024

# qpdf's warnings of a duplicate key, and of a cross-reference entry for a different object.
_AMBIGUOUS = re.compile(r"duplicated key|expected (\d+ \d+|n n) obj")


class TooMuch(Exception):
    """The document exceeds a limit on objects or unpacked size."""


def main() -> None:
    """Read one document from standard input and write the verdict and the copy."""
    _prepare()
    out = sys.stdout.buffer
    out.write(CONFINED if confine() else UNFILTERED)
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
        return {"verdict": ENCRYPTED}, b""
    except (TooMuch, MemoryError, RecursionError):
        return {"verdict": COMPLEX}, b""
    except pikepdf.PikepdfError as error:
        passed = settings.qpdf_limit_errors() or "limit exceeded" in str(error)
        return {"verdict": COMPLEX if passed else DAMAGED}, b""


def _open(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Judge the document without repairing it, because another reader may repair it differently."""
    with pikepdf.open(BytesIO(data), attempt_recovery=False, suppress_warnings=True) as pdf:
        if pdf.is_encrypted:
            return {"verdict": ENCRYPTED}, b""
        if len(pdf.objects) > MOST_OBJECTS:
            raise TooMuch
        objects = _objects(pdf)
        examination = examine(objects)
        if examination.found:
            return {"verdict": ACTIVE, "found": sorted(examination.found)}, b""
        _measure(pdf, objects)
        if _is_ambiguous(pdf) or not pdf.pages:
            return {"verdict": DAMAGED}, b""
        return {"verdict": PASSIVE}, rewrite(pdf, examination.acting)


def _objects(pdf: pikepdf.Pdf) -> Objects:
    written = BytesIO()
    pdf.write_qpdf_json(written, json_stream_data=pikepdf.JSONStreamData.none)
    objects: Objects = json.loads(written.getvalue())["qpdf"][1]
    return objects


def _measure(pdf: pikepdf.Pdf, objects: Objects) -> None:
    """Raise TooMuch if the unpacked streams together exceed `MOST_IN_ALL`."""
    total = 0
    for name, entry in objects.items():
        if "stream" in entry:
            total += _size(pdf, get_object(pdf, name))
            if total > MOST_IN_ALL:
                raise TooMuch


def _size(pdf: pikepdf.Pdf, stream: pikepdf.Stream) -> int:
    """Return the unpacked size in bytes; of an image, without decoding the image format."""
    try:
        return len(memoryview(stream.get_stream_buffer()))
    except pikepdf.DataDecodingError:
        raise
    except pikepdf.PdfError as error:  # qpdf's "unfilterable"
        if settings.qpdf_limit_errors():
            raise TooMuch from error
    filters = stream.get("/Filter")
    if not isinstance(filters, pikepdf.Array) or len(filters) < 2:
        return 0
    before = pikepdf.Stream(pdf, stream.read_raw_bytes())  # never saved: nothing refers to it
    before.Filter = pikepdf.Array(list(filters)[:-1])
    return _size(pdf, before)


def _is_ambiguous(pdf: pikepdf.Pdf) -> bool:
    """Whether readers may show different content: see `_AMBIGUOUS`."""
    return any(_AMBIGUOUS.search(str(warning)) for warning in pdf.get_warnings())


if __name__ == "__main__":
    main()
