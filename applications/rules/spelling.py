"""Whether a spelling given by a person corresponds to the register's name."""

import re
import unicodedata

from applications.rules.certificate_names import LONGEST, beginnings
from issuance.certificate.names import foreign_characters

_MOST = 3
"""The most characters that may replace one the profile does not allow, such as "OE" for "Œ"."""
_LETTERS = rf"[^\W\d_]{{1,{_MOST}}}"
_SIGNS = rf"[^\w]{{0,{_MOST}}}"


def is_faithful(name: str, spelling: str) -> bool:
    """Return whether the spelling differs from the name only at its foreign characters.

    Foreign are the characters that the certificate profile does not allow. A foreign letter may be
    written as one to three letters, another foreign character as at most three non-letters (a
    symbol as either). If the result could exceed 64 characters, it may be cut at a word boundary.
    """
    whole = unicodedata.normalize("NFC", name)
    foreign = frozenset(foreign_characters(whole))
    longest = sum(_MOST if character in foreign else 1 for character in whole)
    candidates = [whole] if longest <= LONGEST else [whole, *beginnings(whole)]
    return any(re.fullmatch(_pattern(candidate, foreign), spelling) for candidate in candidates)


def _pattern(name: str, foreign: frozenset[str]) -> str:
    return "".join(_foreign(char) if char in foreign else re.escape(char) for char in name)


def _foreign(character: str) -> str:
    """Return the pattern of what may replace the foreign character; see `is_faithful`."""
    if character.isalpha():
        return _LETTERS
    is_symbol = unicodedata.category(character).startswith("S")
    return f"(?:{_LETTERS}|{_SIGNS})" if is_symbol else _SIGNS
