"""Signs of a private key in text, in any of the forms in which programs write one."""

import base64
import html
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from string import hexdigits
from unicodedata import normalize
from urllib.parse import unquote

_LINE = rb"(?m)^[ \t>]*"
_ONE_DASH = rb"(?:\xe2\x80)?[\x93\x94\x96\x97]"
_DASH = rb"(?:(?:-|" + _ONE_DASH + rb"){2}|" + _ONE_DASH + rb")[ ]?"
"""Two hyphens or dashes (UTF-8 or Windows-1252) before BEGIN and END, or one dash."""
_KINDS = (
    rb"(?:(?:RSA|DSA|EC|ECDSA|DH|X9\.42|OPENSSH|SSH2|ENCRYPTED|PGP|ANY|TSS2|NEBULA|(?:ED|X)\d{3,5}"
    rb"|ML-\w{3}-\d+)[\s_+]{1,9}){0,3}"
)
"""What programs write before PRIVATE KEY. Other words are those of a sentence or a heading."""
_LABEL = rb"(?:BEGIN|END)[\s_+]{1,9}" + _KINDS + rb"PRIVATE[\s_+-]{0,9}KEY(?: BLOCK)?"
_IN_BASE64 = [
    *[rb"UFJJVkFURSBLRV", rb"BSSVZBVEUgS0VZ", rb"QUklWQVRFIEtFW"],
    *[rb"b3BlbnNzaC1rZXktdj", rb"BgkqhkiG9w0BBQ0", rb"CSqGSIb3DQEFDT", rb"YJKoZIhvcNAQUN"],
]
"""In base64: "PRIVATE KEY" at each place in three, and what OpenSSH's and encrypted keys have."""
_SIGNS = [
    (b"PRIVATE", rb"(?i)---- ?" + _LABEL),
    (b"PRIVATE", rb"---- ?(?:BEGIN|END) [A-Z0-9 ._-]{1,40} PRIVATE KEY(?: BLOCK)? ?----"),
    (b"PRIVATE", rb"(?i)" + _DASH + _LABEL + rb"(?![^\S\n]*[\w,.:;(])"),
    (b"PRIVATE", rb"^[^\w\n]{0,40}" + _LABEL + rb"[^\w\n]*$"),
    (b"PRIVATE", _LABEL + rb"[^\n]{0,200}?[A-Za-z0-9+/=]{40}"),
    (b"PRIVATE", rb"(?i)^Private-(?:Lines|key-format):"),
    (b"PUTTY", rb"(?i)PuTTY-User-Key-File-"),
    (b"RSAKEYVALUE", rb"(?i)<(?:\w{1,20}:)?D>"),
    (b"RSAPARAMETERS", rb"(?i)<D>"),
    (b"INVERSEQ", rb"\"D\"\s{0,9}:\s{0,9}\"[\w+/]"),
    (b"PRIV", _LINE + rb"(?:private ?[Ee]xponent|priv):\s*$"),
    (b"PRIVATEKEY", rb"^PrivateKey ?= ?[A-Za-z0-9+/]{43}="),
    (b"AGE-SECRET", rb"AGE-SECRET-KEY-1"),
    (b"KTY", rb"[\"']d[\"']\s{0,9}:\s{0,9}[\"'][\w-]"),
    (b"KTY:", _LINE + rb"(?:- )?d: ?[\"']?[\w-]{20}"),
    (b"50", rb"(?i)" + rb"[:\s]{0,3}".join(b"%02x" % octet for octet in b"PRIVATE KEY")),
    *((word.upper(), word) for word in _IN_BASE64),
]
_COMPILED = [(hint, re.compile(pattern, re.MULTILINE)) for hint, pattern in _SIGNS]
"""Patterns of a private key in text; each with a pre-test: a substring of the text in capitals."""


# The default-ignorable code points (UAX #44), and the blanks of Ogham and Braille.
_UNSEEN = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_QUOTES = re.compile("[“”„‟″‘’‚‛′]")
_LINE_ENDS, _ESCAPED = re.compile(r"\\{1,9}+[nrt]"), re.compile(r"\\{1,9}+(?=[\"'/])")
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
_PIECE = re.compile(r"(?s).{1,65536}+(?:(?<=%)[0-9A-Fa-f]{2}|(?<=%[0-9A-Fa-f])[0-9A-Fa-f])?+")
"""A part of a text that does not end within a percent-encoded octet; it is read once.

A cut that moved back instead would move through a text of percent signs again and again.
"""
_CODE = re.compile(r"=[0-9A-F]{2}|\\(?:u00|x)[0-9A-Fa-f]{2}")
_CODES = {
    before + first + second: chr(int(first + second, 16))
    for before in ("=", r"\x", r"\u00")
    for first in hexdigits
    for second in hexdigits
}


def shows_private_key(text: str | bytes) -> bool:
    """Whether the text, bytes of it in UTF-8 or Windows-1252, has a sign of a private key."""
    content = text.encode(errors="replace") if isinstance(text, str) else text
    if _has_sign(content):
        return True
    plain = _plain(content)
    return plain != content and _has_sign(plain)


def _has_sign(content: bytes) -> bool:
    upper = content.upper()
    if any(hint in upper and pattern.search(content) for hint, pattern in _COMPILED):
        return True
    return any(map(_is_key, _ders(content))) or any(map(_holds_key, _in_runs(content)))


def _plain(content: bytes) -> bytes:
    """Return a text without what programs add to it or write in place of its characters.

    They percent-encode it, escape it for HTML, JSON, programs and mail, encode it in UTF-16, and
    add characters without width, and blanks, quotes and letters of other shapes.
    """
    text = content.translate(None, b"\0").decode(errors="replace")
    if text.count("\ufffd") > len(text) // 10:  # of no text
        return content
    for _layer in range(3):
        before = text
        # In pieces, since `unquote` makes a list of the octets, 18 MiB for a megabyte of them.
        text = "".join(map(unquote, _PIECE.findall(text)))
        text = _without_escapes(_unescaped(text))
        if text == before:
            break
    if not text.isascii():
        text = _UNSEEN.sub("", _in_plain_shapes(_QUOTES.sub('"', text)))
    return text.encode(errors="replace")


def _in_plain_shapes(text: str) -> str:
    """Return the text with the ASCII of each character that is another shape of it.

    Other characters stay: NFKC of the whole text makes 18 of one, which takes a second for a
    megabyte.
    """
    shapes = {ord(one): normalize("NFKC", one) for one in set(text) if not one.isascii()}
    return text.translate({code: to for code, to in shapes.items() if to.isascii()})


def _unescaped(text: str) -> str:
    """Return what `html.unescape` does, which looks up each reference again."""
    if "&" not in text:
        return text
    known = cache(html.unescape)
    try:
        return _REFERENCE.sub(lambda reference: known(reference[0]), text)
    except ValueError:  # a reference of more digits than Python converts, which is to no character
        return text


def _without_escapes(text: str) -> str:
    """Return the text without the escapes of JSON, programs and quoted-printable mail."""
    if any(letter in text for letter in ("\\n", "\\r", "\\t")):
        text = _LINE_ENDS.sub("\n", text)
    if any(sign in text for sign in ('\\"', "\\'", "\\/")):
        text = _ESCAPED.sub("", text)
    if "=" in text:
        text = text.replace("=\r\n", "").replace("=\n", "")
    return _CODE.sub(lambda code: _CODES[code[0]], text)


_FIRST = re.compile(rb"M[C-I]"), re.compile(rb"30(?:[:\s,;-]|0x|\\x){0,4}[2-8]")
"""The header, in base64 and in hexadecimal, of a SEQUENCE with the length of a private key."""
_HEADER = re.compile(rb"(?s)0(?:[\x20-\x80]|\x81.|\x82..)(?:\x02\x01[\0\1\3]|0(?:\x81?).\x06)")
"""The header, and a version or an algorithm."""
_WORDS = bytes(
    chr(octet).isascii() and (chr(octet).isalnum() or octet in b"+/_-") for octet in range(256)
)
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{32,}(?:\s{0,3}>?[A-Za-z0-9+/_-]{16,})*")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_BLANKS, _BETWEEN = b" \t\r\n>:", re.compile(rb"[:\s,;>-]+|0x|\\x")
_SHORTEST, _SHORT, _LONG, _LONGEST_RUN, _MOST = 20, 160, 1600, 16 * 1024, 2000
_IN_ONE, _DIGITS = re.compile(rb"[A-Za-z0-9+/]{24,}"), re.compile(rb"(?:[0-9A-Fa-f]{2}){20,}")


def _ders(content: bytes) -> Iterator[bytes]:
    """Return the heads of what may be a key in DER, in base64 or hexadecimal."""
    for first, decode in zip(_FIRST, (_from_base64, _from_hexadecimal), strict=True):
        for match in islice(first.finditer(content), _MOST):
            if _HEADER.match(decode(content[match.start() : match.start() + _SHORT])):
                yield decode(content[match.start() : match.start() + _LONG])


def _in_runs(content: bytes) -> Iterator[bytes]:
    """Return what stands in the text in base64, from the beginning of each run."""
    in_words, word = content.translate(_WORDS), b"\1" * 32
    at = in_words.find(word)
    for _run in range(_MOST):
        if at < 0 or not (run := _RUN.match(content, at)):
            return
        yield _from_base64(run[0][:_LONGEST_RUN])
        at = in_words.find(word, run.end())


def _from_base64(text: bytes) -> bytes:
    found = _IN_ONE.match(text.translate(_STANDARD, _BLANKS))
    return base64.b64decode(found[0][: len(found[0]) // 4 * 4]) if found else b""


def _from_hexadecimal(text: bytes) -> bytes:
    found = _DIGITS.match(_BETWEEN.sub(b"", text))
    return bytes.fromhex(found[0].decode()) if found else b""


def _holds_key(data: bytes) -> bool:
    """Whether what was in base64 is a text with a sign of a key, or a file of Java or DER."""
    if data.isascii():
        return _has_sign(data)
    if data.startswith((b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")):
        return data[12:16] in (b"\0\0\0\1", b"\0\0\0\3")  # the first entry is a key
    return False


def _is_key(der: bytes) -> bool:
    """Whether this is the head of a private key in DER."""
    outer = _elements(der)
    return bool(outer) and outer[0][0] == 0x30 and _is_key_of(_elements(outer[0][1]))


_PASSWORD_BASED = bytes.fromhex("2a864886f70d0105"), bytes.fromhex("2a864886f70d010c")
"""PKCS#5 and PKCS#12: algorithms that encrypt a private key with a password."""
_OF_KEYS = tuple(
    bytes.fromhex(kind)
    for kind in ("06092a864886f70d010101", "06072a8648ce3d0201", "06072a8648ce38", "06032b65")
)
"""Algorithms of keys: RSA (RFC 8017), EC (RFC 5480), DSA (RFC 3279), Ed25519 (RFC 8410)."""
_PKCS_7 = bytes.fromhex("2a864886f70d0107")
"""The kinds of content that PKCS#12 has."""


def _is_key_of(parts: list[tuple[int, bytes]]) -> bool:
    """Whether a SEQUENCE has the parts of a key; the last of them may be cut."""
    if len(parts) < 2:
        return False
    first, second = parts[0][1], parts[1][1]
    match [tag for tag, _content in parts]:
        case [0x30, 0x04, *_]:  # PKCS#8, encrypted (RFC 5958, 3)
            return first[2:].startswith(_PASSWORD_BASED)
        case [0x02, 0x30, 0x04] if first != b"\3":  # PKCS#8 (RFC 5958, 2)
            return second[:1] == b"\x06"
        case [0x02, 0x30] if first != b"\3":  # its beginning
            return second.startswith(_OF_KEYS)
        case [0x02, 0x30, *_]:  # PKCS#12 (RFC 7292, 4)
            return first == b"\3" and second[2:].startswith(_PKCS_7)
        case [0x02, 0x02, *_]:  # PKCS#1 (RFC 8017, A.1.2), DSA
            return first in (b"\0", b"\1") and len(second) > _SHORTEST
        case [0x02, 0x04, *_]:  # SEC 1 (RFC 5915, 3)
            return first == b"\1" and len(second) >= _SHORTEST
    return False


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    """Return tag and content of the first elements of DER; the last one may be cut."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 1 < len(data) and len(found) < 3:
        tag, size = data[at : at + 2]
        at += 2
        if size > 0x80:
            at, size = at + size - 0x80, int.from_bytes(data[at : at + size - 0x80])
        elif size == 0x80:  # until an end that is marked (BER)
            size = len(data)
        found.append((tag, data[at : at + size]))
        at += size
    return found


_WHOLE = re.compile(
    r"(?is)(?<![-\u2010-\u2015 ])(?<![=%]2D)(?:[-\u2010-\u2015 ]|[=%]2D)*+"
    r"BEGIN[^\n]{0,40}PRIVATE.*?(?:END[^\n]{0,40}PRIVATE[^\n]*|\Z)"
)
"""A key from its BEGIN line to its END line; to the end of the text if there is none.

What comes before BEGIN is read once, from its first dash on: a text may be a million dashes.
"""


_OTHER_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s]*-----END \1-----")
_BODY = re.compile(r"[A-Za-z0-9+/=]{40}|(?:[A-Za-z0-9+/=]{16,}[^A-Za-z0-9+/=]{1,9}){3}")
"""What the lines of a key look like where nothing says of what they are."""


def without_private_keys(text: str) -> str:
    """Return the text without the keys in it.

    Empty if what is left shows signs of a key or, outside whole blocks of other kinds such as a
    certificate request, may be a part of one: a key may stand outside its own BEGIN and END lines.
    """
    if not shows_private_key(text):
        return text
    rest = _WHOLE.sub("", text)
    is_harmless = not shows_private_key(rest) and not _BODY.search(_OTHER_BLOCK.sub("", rest))
    return rest if is_harmless else ""
