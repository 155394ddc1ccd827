"""The characters of an uploaded file."""

import codecs

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def text_of(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The file as text and what was mended to read it; every octet stays if it is no Unicode.

    UTF-16 is what Windows PowerShell writes with ``>``; without a byte order mark it shows by
    a NUL in every other octet.
    """
    if data.startswith(codecs.BOM_UTF8):
        return data[3:].decode("latin-1"), ()
    codec = _UTF16.get(data[:2]) or _guess_utf16(data)
    if codec:
        body = data[2:] if data[:2] in _UTF16 else data
        return body.decode(codec, errors="replace"), ("utf16",)
    return data.decode("latin-1"), ()


def _guess_utf16(data: bytes) -> str | None:
    head = data[:200]
    if len(head) < 20:
        return None
    if not any(head[::2]) and all(head[1::2]):
        return "utf-16-be"
    if not any(head[1::2]) and all(head[::2]):
        return "utf-16-le"
    return None
