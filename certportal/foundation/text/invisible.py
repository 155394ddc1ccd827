"""Characters that no text may hold, since they change how the rest of a line is shown."""

import re
import unicodedata

# Control characters, line separators and bidirectional controls (Unicode categories Cc, Zl and Zp;
# UAX #9).
_RANGES = "\x01-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_REFUSED = re.compile(f"[{_RANGES}]")
# PostgreSQL's text cannot hold U+0000 and surrogates, which JSON can spell.
_REMOVED = re.compile(f"[\0\ud800-\udfff{_RANGES}]")
_OUT_OF_TEXTS = re.compile(f"(?![\t\n])[{_RANGES}]")
# What ends a line in some programs (UAX #14, classes BK and NL), and may be pasted.
_LINE_ENDS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
# Letters and symbols without a shape: the fillers of Hangul, the blanks of Braille and of Egyptian
# hieroglyphs, and the null notehead. All other default-ignorable characters are of the categories
# below (UAX #44, Default_Ignorable_Code_Point).
_SHAPELESS = "\u115f\u1160\u2800\u3164\uffa0\U00013441\U00013442\U0001d159"


def is_in(text: str) -> bool:
    """Whether a line typed by a person holds such a character; Django's forms refuse U+0000."""
    return bool(_REFUSED.search(text))


def without(text: str) -> str:
    """Return a line from another service without such characters, and with single spaces."""
    return " ".join(_REMOVED.sub("", " ".join(text.split())).split())


def composed(text: str) -> str:
    """Return a text with composed letters (NFC, UAX #15) and line breaks of one character each
    (HTML, "normalize newlines").
    """
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def as_taken(text: str) -> str:
    """Return a text of several lines as forms take it: composed, and without such characters.

    Nobody sees what they have pasted, so it is not refused. Tabs stay.
    """
    return _OUT_OF_TEXTS.sub("", _LINE_ENDS.sub("\n", composed(text)))


def is_blank(text: str) -> bool:
    """Whether nothing of the text is seen: at most spaces, marks without a letter, and characters
    without width (Unicode categories Z, M and C, unassigned and private ones included).
    """
    return all(one in _SHAPELESS or unicodedata.category(one)[0] in "CMZ" for one in text)
