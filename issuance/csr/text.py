"""Decoding of an uploaded file to text."""

import codecs
import re

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def text_of(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The file as text, and codes of the repairs made ("utf16", "blanks").

    Decoded as UTF-16 or UTF-8, else as Latin-1. Windows PowerShell writes UTF-16 with ``>``;
    without a byte order mark it is recognised by a NUL in every other octet. Special spaces of
    web pages and word processors become U+0020, and characters without width are removed.
    """
    text, repaired = _decoded(data)
    if text.isascii() or not _FOREIGN.search(text):
        return text, repaired
    request = text[text.find("-----BEGIN") : text.rfind("-----END")]
    if _FOREIGN.search(request):
        repaired = (*repaired, "blanks")
    return _FOREIGN.sub(lambda found: " " if found[0].isspace() else "", text), repaired


_FOREIGN = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]|[\u00ad\u200b-\u200f\u2060\ufeff]")
"""Spaces other than U+0020, and characters without width."""


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    codec = _UTF16.get(data[:2]) or _guess_utf16(data)
    if codec:
        body = data[2:] if data[:2] in _UTF16 else data
        return body.decode(codec, errors="replace"), ("utf16",)
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode(), ()
    except UnicodeDecodeError:
        return body.decode("latin-1"), ()


def _guess_utf16(data: bytes) -> str | None:
    head = data[:200]
    if len(head) < 20:
        return None
    if not any(head[::2]) and all(head[1::2]):
        return "utf-16-be"
    if not any(head[1::2]) and all(head[::2]):
        return "utf-16-le"
    return None
