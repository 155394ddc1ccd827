"""Signs of a private key in text, in any of the forms in which programs write one."""

import re
import unicodedata
from collections.abc import Iterator

_LINE = rb"(?m)^[ \t>]*"
_LABEL = rb"[A-Z0-9\s_+%=&#;]{1,40}?"
_KEY = rb"(?:[\s_+-]|%20|=20|&(?:nbsp|#32|#x20);){0,9}KEY"
"""The label's last word, and the blanks before it as programs wrap or encode them."""
_ONE_DASH = rb"(?:\xe2\x80)?[\x93\x94\x96\x97]"
_DASH = rb"(?:(?:-|" + _ONE_DASH + rb"){2} ?|" + _ONE_DASH + rb")"
"""Two hyphens or dashes (UTF-8 or Windows-1252) before BEGIN and END, or one dash.

Without these only capital letters match: a mail around a request may say "do not send your private
key", or list "- Begin by making a private key".
"""
_IN_BASE64 = [
    *[rb"UFJJVkFURSBLRV", rb"BSSVZBVEUgS0VZ", rb"QUklWQVRFIEtFW"],
    *[rb"b3BlbnNzaC1rZXktdj", rb"BgkqhkiG9w0BBQ0", rb"CSqGSIb3DQEFDT", rb"YJKoZIhvcNAQUN"],
]
"""In base64: "PRIVATE KEY" at each place in three, and what OpenSSH's and encrypted keys have."""
_DER_IN_BASE64 = (
    rb"M(?<![\w+/]M)(?:II[A-P][\w+/][AQgw]IB(?:AD|AAKC|AzCC)|I[GH][\w+/]AgE(?:AM|BB)"
    rb"|[A-H][\w+/]CAQ(?:Aw|EE))"
)
"""A key in DER, of any length, in base64 without a label: a SEQUENCE that begins with a version.

PKCS#8, PKCS#1 and PKCS#12; then PKCS#8 and SEC 1 of fewer octets. No request or certificate does.
The M comes before what may not precede it, since a literal is found forty times as fast.
"""
_SIGNS = [
    (b"PRIVATE", rb"(?<![A-CE-Z])(?:BEGIN|END)" + _LABEL + rb"PRIVATE" + _KEY),
    (b"PRIVATE", rb"(?i)" + _DASH + rb"(?:BEGIN|END)[^\n-]{0,40}PRIVATE" + _KEY),
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
    *((word.upper(), word) for word in _IN_BASE64),
    (b"M", _DER_IN_BASE64),
]
_COMPILED = [(hint, re.compile(pattern, re.MULTILINE)) for hint, pattern in _SIGNS]
"""Patterns of a private key in text; each with a pre-test: a substring of the text in capitals."""


# The default-ignorable code points (UAX #44) that NFKC leaves, and the blanks of Ogham and Braille.
_UNSEEN = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\ufe00-\ufe0f\ufeff\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def shows_private_key(text: str | bytes) -> bool:
    """Whether the text, bytes of it in UTF-8 or Windows-1252, has a sign of a private key."""
    content = text.encode(errors="replace") if isinstance(text, str) else text
    if any(pattern.search(content) for pattern in _hinted(content)):
        return True
    return not content.isascii() and _shows_in_plain(content)


def _shows_in_plain(content: bytes) -> bool:
    """Whether a text in UTF-8 has a sign once what programs for texts add is taken out of it.

    They add characters without width, and blanks and letters of other shapes.
    """
    try:
        normal = unicodedata.normalize("NFKC", content.decode())
    except UnicodeDecodeError:
        return False
    plain = _UNSEEN.sub("", normal).encode()
    return any(pattern.search(plain) for pattern in _hinted(plain))


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


def _hinted(text: bytes) -> Iterator[re.Pattern[bytes]]:
    upper = text.upper()
    return (pattern for hint, pattern in _COMPILED if hint in upper)
