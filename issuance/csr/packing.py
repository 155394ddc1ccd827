"""What is packed or encoded inside a file: ZIP and gzip, base64 and hexadecimal digits.

One layer at a time, and no more of it than the bounds say, so that nothing swells.
"""

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice

MOST_INSIDE = 50
"""Objects taken out of one layer."""
LARGEST_INSIDE = 256 * 1024
"""Octets taken of one object."""


def unpacked(data: bytes) -> Iterator[bytes]:
    """The files in a ZIP archive (APPNOTE section 4.3.7), or in gzip (RFC 1952), if it is one."""
    if data.startswith(b"\x1f\x8b"):
        yield _inflated(data, 31)
    if not data.startswith(b"PK\x03\x04"):
        return
    for match in islice(re.finditer(rb"PK\x03\x04", data), MOST_INSIDE):
        head = data[match.start() : match.start() + 30]
        packed, name, extra = (_number(head[a:b]) for a, b in ((18, 22), (26, 28), (28, 30)))
        start = match.start() + 30 + name + extra
        if head[8:10] == b"\x08\0":
            yield _inflated(memoryview(data)[start:], -15)
        else:
            yield data[start : start + min(packed, LARGEST_INSIDE)]


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "little")


def _inflated(data: bytes | memoryview, window: int) -> bytes:
    try:
        return zlib.decompressobj(window).decompress(data, LARGEST_INSIDE)
    except zlib.error:
        return b""


_RUN = re.compile(r"(?:[A-Za-z0-9+/]{16,}[ \t\r\n>]*)+[A-Za-z0-9+/]{0,15}")
_ANEW = re.compile(r"\n[ \t\r>]*(?:\n[ \t\r\n>]*|(?=MI|LS0t))")
"""Where base64 may begin inside a run whose first letters are a long word or another object:
after a blank line, or at a line that begins as DER or PEM does."""
_URL_RUN = re.compile(r"(?<![\w-])[\w-]{64,}", re.ASCII)
_URL_SIGN = re.compile("[A-Za-z0-9][_-][A-Za-z0-9]")
"""What tells base64 for URLs from the other kind and from the lines around PEM."""
_DIGITS = re.compile(r"(?<![0-9A-Fa-f:\s])[0-9A-Fa-f:\s]{96,}")
_FIRST_DIGITS = re.compile(r"30[: ]?(?:2e|41|77|8[12])", re.IGNORECASE)
"""A SEQUENCE as long as a private key."""
_SHORTEST = 40
"""Octets of the shortest private keys in DER: Ed25519 has 48."""
_LONGEST_ANEW = 128 * 1024
"""Characters read from the middle of a run: a key or a request, and nothing larger."""


_OF_WORDS = bytes(
    chr(octet).isascii() and (chr(octet).isalnum() or octet in b"+/:_-") for octet in range(256)
)


def has_words(data: bytes) -> bool:
    """Whether octets that are no text may have encoded text or PEM among them."""
    return b"\1" * 32 in data.translate(_OF_WORDS) or b"-----" in data


def decoded(text: str) -> Iterator[bytes]:
    """What stands in a text as base64 (RFC 4648 sections 4 and 5) or as hexadecimal digits."""
    plain = unescaped(text) if "\\" in text else text
    runs = [run[0] for run in _RUN.finditer(plain) if len(run[0]) >= _SHORTEST]
    yield from _from_base64(run[: 2 * LARGEST_INSIDE] for run in runs)
    yield from _from_base64(
        run[anew.end() : anew.end() + _LONGEST_ANEW] for run in runs for anew in _ANEW.finditer(run)
    )
    if _URL_SIGN.search(text):
        found = (run[0] for run in _URL_RUN.finditer(text) if _URL_SIGN.search(run[0]))
        yield from _from_base64(run.replace("-", "+").replace("_", "/") for run in found)
    if _FIRST_DIGITS.search(text):
        for run in islice(_DIGITS.finditer(text), MOST_INSIDE):
            digits = re.sub(r"[:\s]", "", run[0])[: 2 * LARGEST_INSIDE]
            yield bytes.fromhex(digits[: len(digits) & ~1])


def _from_base64(runs: Iterable[str]) -> Iterator[bytes]:
    """The octets of the first fifty runs that are long enough for a key."""
    return islice((octets for run in runs if (octets := _octets(run))), MOST_INSIDE)


def _octets(run: str) -> bytes:
    """The octets of base64 characters, of which the last ones may be missing or not belong."""
    body = "".join(run.replace(">", "").split())[: LARGEST_INSIDE // 3 * 4]
    if len(body) % 4 == 1:
        body = body[:-1]
    if len(body) // 4 * 3 < _SHORTEST:
        return b""
    return base64.b64decode(body + "=" * (-len(body) % 4))


def unescaped(text: str) -> str:
    """Without JSON's escapes (RFC 8259 section 7) of what base64 may have: line ends, +, /, =."""
    text = re.sub(r"\\[rnt]", "\n", text).replace("\\/", "/")
    return re.sub(r"(?i)\\u00(2b|2f|3d)", lambda found: chr(int(found[1], 16)), text)
