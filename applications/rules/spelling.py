"""Does a person's spelling of a name say the same as the register's name?"""

import re
import unicodedata

from applications.naming import LONGEST, beginnings
from issuance.names import foreign_characters

_MOST = 3
"""At most so many characters are written for a foreign one, as "OE" for "Œ"."""
_LETTERS = rf"[^\W\d_]{{1,{_MOST}}}"
_SIGNS = rf"[^\w]{{0,{_MOST}}}"


def is_faithful(name: str, spelling: str) -> bool:
    """Return whether the spelling equals the name except at its foreign characters.

    A letter that certificates cannot carry becomes one to three letters, another sign at most
    three signs; a name that grows too long may end at a word.
    """
    whole = unicodedata.normalize("NFC", name)
    foreign = frozenset(foreign_characters(whole))
    longest = sum(_MOST if one in foreign else 1 for one in whole)
    wanted = [whole] if longest <= LONGEST else [whole, *beginnings(whole)]
    return any(re.fullmatch(_pattern(one, foreign), spelling) for one in wanted)


def _pattern(name: str, foreign: frozenset[str]) -> str:
    return "".join(_foreign(one) if one in foreign else re.escape(one) for one in name)


def _foreign(character: str) -> str:
    """Return what may be written for a character; a symbol, such as €, in letters or signs."""
    if character.isalpha():
        return _LETTERS
    is_symbol = unicodedata.category(character).startswith("S")
    return f"(?:{_LETTERS}|{_SIGNS})" if is_symbol else _SIGNS
