"""Unpacking and decoding of the content of a file: archives, base64, hexadecimal digits.

Each function opens one layer, within the limits below, so that a decompression bomb has no effect.
"""

import base64
import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

MOST_INSIDE = 50
"""Most objects taken from one layer."""
LARGEST_INSIDE = 256 * 1024
"""Most octets taken from one object."""


_MOST_MEMORY = 80 * 1024 * 1024
"""Most memory, in octets, for unpacking xz; xz -9 needs 65 MB."""


def unpacked(data: bytes) -> Iterator[bytes]:
    """The files in an archive (ZIP: APPNOTE section 4.3.7; tar: POSIX pax), or the single file
    compressed by gzip, zlib, bzip2 or xz. Damaged streams yield empty bytes.
    """
    if data.startswith(b"PK\x03\x04"):
        yield from _of_zip(data)
    elif data[257:262] == b"ustar":
        yield from _of_tar(data)
    elif unpack := next((how for fits, how in _PACKERS if fits(data[:6])), None):
        yield unpack(data)


def _of_zip(data: bytes) -> Iterator[bytes]:
    for match in islice(re.finditer(rb"PK\x03\x04", data), MOST_INSIDE):
        head = data[match.start() : match.start() + 30]
        packed, name, extra = (_number(head[a:b]) for a, b in ((18, 22), (26, 28), (28, 30)))
        start = match.start() + 30 + name + extra
        if head[8:10] == b"\x08\0":
            yield _inflated(memoryview(data)[start:], -15)
        else:
            yield data[start : start + min(packed, LARGEST_INSIDE)]


def _of_tar(data: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(MOST_INSIDE):
        size = re.match(rb"[ 0]*([0-7]{1,11})", data[at + 124 : at + 136])
        if data[at + 257 : at + 262] != b"ustar" or size is None:
            return
        octets = int(size[1], 8)
        yield data[at + 512 : at + 512 + min(octets, LARGEST_INSIDE)]
        at += 512 + -(-octets // 512) * 512


def _is_zlib(head: bytes) -> bool:
    """Whether it is a zlib header: compression method and header check (RFC 1950 section 2.2)."""
    return len(head) > 2 and head[0] == 0x78 and int.from_bytes(head[:2]) % 31 == 0


def _from_bzip2(data: bytes) -> bytes:
    try:
        return bz2.BZ2Decompressor().decompress(data, LARGEST_INSIDE)
    except (OSError, ValueError):
        return b""


def _from_xz(data: bytes) -> bytes:
    try:
        return lzma.LZMADecompressor(memlimit=_MOST_MEMORY).decompress(data, LARGEST_INSIDE)
    except lzma.LZMAError:
        return b""


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "little")


def _inflated(data: bytes | memoryview, window: int) -> bytes:
    try:
        return zlib.decompressobj(window).decompress(data, LARGEST_INSIDE)
    except zlib.error:
        return b""


_PACKERS: list[tuple[Callable[[bytes], bool], Callable[[bytes], bytes]]] = [
    (lambda head: head.startswith(b"\x1f\x8b"), lambda data: _inflated(data, 31)),
    (_is_zlib, lambda data: _inflated(data, 15)),
    (lambda head: head.startswith(b"BZh"), _from_bzip2),
    (lambda head: head.startswith(b"\xfd7zXZ\0"), _from_xz),
]


_RUN = re.compile(r"(?:[A-Za-z0-9+/]{16,}[ \t\r\n>]*)+[A-Za-z0-9+/]{0,15}")
_ANEW = re.compile(r"\n[ \t\r>]*(?:\n[ \t\r\n>]*|(?=MI|LS0t))")
"""Where base64 may begin inside a run that starts with a long word or another object: after a
blank line, or at a line that begins like DER or PEM in base64."""
_URL_RUN = re.compile(r"(?<![\w-])[\w-]{64,}", re.ASCII)
_URL_SIGN = re.compile("[A-Za-z0-9][_-][A-Za-z0-9]")
"""Distinguishes base64url from standard base64 and from the BEGIN and END lines of PEM."""
_DIGITS = re.compile(r"(?<![0-9A-Fa-f:\s])[0-9A-Fa-f:\s]{96,}")
_FIRST_DIGITS = re.compile(r"30[: ]?(?:2e|41|77|8[12])", re.IGNORECASE)
"""The header, in hexadecimal, of a SEQUENCE with the length of a private key."""
_SHORTEST = 40
"""Fewest octets of interest: the shortest private key in DER, of Ed25519, has 48."""
_LONGEST_ANEW = 128 * 1024
"""Most characters decoded from the middle of a run; enough for a key or a request."""


_OF_WORDS = bytes(
    chr(octet).isascii() and (chr(octet).isalnum() or octet in b"+/:_-") for octet in range(256)
)


def has_words(data: bytes) -> bool:
    """Whether binary data may contain encoded text (a run of 32 such characters) or PEM."""
    return b"\1" * 32 in data.translate(_OF_WORDS) or b"-----" in data


def decoded(text: str) -> Iterator[bytes]:
    """The content of a text in base64, base64url (RFC 4648 sections 4, 5) or hexadecimal digits."""
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
    """The octets of the first ``MOST_INSIDE`` runs that are long enough for a key."""
    return islice((octets for run in runs if (octets := _octets(run))), MOST_INSIDE)


def _octets(run: str) -> bytes:
    """The decoded octets of a run, whose last characters may be missing or unrelated to it."""
    body = "".join(run.replace(">", "").split())[: LARGEST_INSIDE // 3 * 4]
    if len(body) % 4 == 1:
        body = body[:-1]
    if len(body) // 4 * 3 < _SHORTEST:
        return b""
    return base64.b64decode(body + "=" * (-len(body) % 4))


def unescaped(text: str) -> str:
    """The text with JSON escapes (RFC 8259 section 7) of line ends, +, / and = undone."""
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    return text


_ESCAPES = {f"\\{letter}": "\n" for letter in "rnt"} | {
    f"\\u00{code}": chr(int(code, 16)) for code in ("2b", "2B", "2f", "2F", "3d", "3D")
}
_ESCAPES["\\/"] = "/"
