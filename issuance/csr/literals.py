"""Octets in source code and dumps: arrays, strings with escapes, hexdump columns. Pure.

They are searched for private keys only. A request is never read from them, because text copied
by hand may be incomplete.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

MOST, SHORTEST = 50, 32
"""Arrays, strings or dumps read from one text; octets of the shortest one, a P-256 scalar."""
_LONGEST = 64 * 1024

_ITEM = r"(?:\(byte\)\s?)?(?:0[xX][0-9A-Fa-f]{1,2}|-?[0-9]{1,3})[uU]?"
_ARRAY = re.compile(rf"[{{\[(]\s*({_ITEM}(?:\s*,\s*{_ITEM}){{15,}})")
_ITEMS = re.compile(r"0[xX][0-9A-Fa-f]{1,2}|-?[0-9]{1,3}")
_QUOTE = re.compile("[\"']")
_BODIES = {'"': re.compile(r"(?:[^\"\\\n]|\\[^\n])*+"), "'": re.compile(r"(?:[^'\\\n]|\\[^\n])*+")}
_GLUE = re.compile(r"[\s\\+.()bBrR]{0,80}")
"""Separators between the parts of one string: line ends, brackets, operators, b and r prefixes."""
_LABEL = re.compile(
    r"(\w{1,60})[\"']?(?:\s?\[[\w ]{0,30}\])*\s?(?::[\w\[\], ]{1,30})?[=:]?[\s\w.(]{0,30}$"
)
_COLUMN = r"(?:[0-9A-Fa-f]{2}){1,2}"
_DUMP = re.compile(
    rf"^[ \t>]*+[0-9A-Fa-f]{{4,8}}:?[ \t]+({_COLUMN}(?:[ \t-]{{1,2}}{_COLUMN}){{0,15}})",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Octets:
    """Octets in text[start:end]; ``label`` is the name written before them, or empty."""

    label: str
    value: bytes
    start: int
    end: int


def written_octets(text: str) -> list[Octets]:
    """Octets long enough for a private key: at most fifty arrays, fifty strings and one dump."""
    found: list[Octets] = []
    if text.count(",") >= SHORTEST - 1:
        found += islice(_arrays(text), MOST)
    if "\\x" in text:
        found += islice(_strings(text), MOST)
    if dump := _dumped(text):
        found.append(dump)
    return [each for each in found if len(each.value) >= SHORTEST]


def _arrays(text: str) -> Iterator[Octets]:
    for match in _ARRAY.finditer(text):
        numbers = [int(item, 0) for item in _ITEMS.findall(_decimal(match[1][: 8 * _LONGEST]))]
        if all(-128 <= number <= 255 for number in numbers):
            value = bytes(number & 255 for number in numbers)
            yield Octets(_label(text, match.start()), value, match.start(), match.end())


def _decimal(items: str) -> str:
    """Without leading zeros of decimal numbers, which int() with base 0 refuses."""
    return re.sub(r"(?<![\w])0+(?=[0-9])", "", items)


def _strings(text: str) -> Iterator[Octets]:
    """Strings with escapes such as \\x30; adjacent parts of one string are joined."""
    value, start, end = b"", 0, -1
    for body in islice(_bodies(text), 20 * MOST):
        first, last = body.start() - 1, body.end() + 1
        if end >= 0 and _GLUE.fullmatch(text, end, first):
            value, end = value + _unescaped(body[0]), last
            continue
        if end >= 0 and "\\x" in text[start:end]:
            yield Octets(_label(text, start), value[:_LONGEST], start, end)
        value, start, end = _unescaped(body[0]), first, last
    if end >= 0 and "\\x" in text[start:end]:
        yield Octets(_label(text, start), value[:_LONGEST], start, end)


def _bodies(text: str) -> Iterator[re.Match[str]]:
    """What stands between two quotes in one line; quotes that nothing closes are passed over.

    Nothing then closes a later one of their kind in the line either, so that the line, which may
    have a megabyte, is not read again for each of them.
    """
    at, unclosed = 0, dict.fromkeys(_BODIES, -1)
    while quote := _QUOTE.search(text, at):
        at, kind = quote.end(), quote[0]
        if at <= unclosed[kind]:
            continue
        body = _BODIES[kind].match(text, at)
        if body and text[body.end() : body.end() + 1] == kind:
            yield body
            at = body.end() + 1
        elif body:
            unclosed[kind] = body.end()


def _unescaped(body: str) -> bytes:
    """The octets of a string literal of C or Python: \\xHH, octal and single-letter escapes."""
    return _ESCAPE.sub(_octet, body.encode("latin-1", errors="replace"))


_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([0-7]{1,3})|([^\n]))")
_NAMED = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))


def _octet(escape: re.Match[bytes]) -> bytes:
    if escape[3]:
        return bytes([_NAMED.get(escape[3][0], escape[3][0])])
    return bytes([int(escape[1], 16) if escape[1] else int(escape[2], 8) & 255])


def _dumped(text: str) -> Octets | None:
    """The octets of a dump in columns, as written by hexdump, xxd and od."""
    lines = list(islice(_DUMP.finditer(text), _LONGEST // 16))
    if len(lines) < SHORTEST // 16:
        return None
    rows = (bytes.fromhex(re.sub(r"[ \t-]", "", line[1]))[:16] for line in lines)
    return Octets("", b"".join(rows), lines[0].start(), lines[-1].end())


def _label(text: str, at: int) -> str:
    match = _LABEL.search(text[max(at - 120, 0) : at])
    return match[1] if match else ""
