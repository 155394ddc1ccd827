"""Signs of a private key in text, in any of the forms in which programs write one."""

import re
from collections.abc import Iterator

_LINE = rb"(?m)^[ \t>]*"
_LABEL = rb"[A-Z0-9 _+%]{1,40}?"
_ONE_DASH = rb"(?:\xe2\x80)?[\x93\x94\x96\x97]"
_DASH = rb"(?:(?:-|" + _ONE_DASH + rb"){2} ?|" + _ONE_DASH + rb")"
"""Two hyphens or dashes (UTF-8 or Windows-1252) before BEGIN and END, or one dash.

Without these only capital letters match: a mail around a request may say "do not send your private
key", or list "- Begin by making a private key".
"""
_SIGNS = [
    (b"PRIVATE", rb"(?<![A-Z])(?:BEGIN|END)" + _LABEL + rb"PRIVATE(?:[ _+-]|%20)?KEY"),
    (b"PRIVATE", rb"(?i)" + _DASH + rb"(?:BEGIN|END)[^\n-]{0,40}PRIVATE(?:[ _+-]|%20)?KEY"),
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
]
_COMPILED = [(hint, re.compile(pattern, re.MULTILINE)) for hint, pattern in _SIGNS]
"""Patterns of a private key in text; each with a pre-test: a substring of the text in capitals."""


_UNSEEN = re.compile(rb"\xc2\xad|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf")
_BLANK = re.compile(rb"\xc2\xa0|\xe2\x80[\x80-\x8a\xaf]")
"""Characters without width, and blanks of other widths, in UTF-8: programs for texts add them."""


def shows_private_key(text: str | bytes) -> bool:
    """Whether the text, bytes of it in UTF-8 or Windows-1252, has a sign of a private key."""
    content = text.encode(errors="replace") if isinstance(text, str) else text
    if any(pattern.search(content) for pattern in _hinted(content)):
        return True
    if content.isascii():
        return False
    plain = _BLANK.sub(b" ", _UNSEEN.sub(b"", content))
    return any(pattern.search(plain) for pattern in _hinted(plain))


_WHOLE = re.compile(
    r"(?is)[-\u2010-\u2015 ]*BEGIN[^\n]{0,40}PRIVATE.*?(?:END[^\n]{0,40}PRIVATE[^\n]*|\Z)"
)
"""A key from its BEGIN line to its END line; to the end of the text if there is none."""


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


def _hinted(text: bytes) -> Iterator[re.Pattern[bytes]]:
    upper = text.upper()
    return (pattern for hint, pattern in _COMPILED if hint in upper)
