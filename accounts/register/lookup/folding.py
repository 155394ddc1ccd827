"""Folding of names and queries, so that "hels apt 6" and "abo" find the intended units."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from accounts.register.municipalities import SWEDISH_NAMES

# Letters that NFKD does not decompose, although people type them without the stroke.
_STROKES = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ŋ": "n", "ŧ": "t"})
# Invisible characters within words: soft hyphens, joiners, direction marks.
_UNSEEN = str.maketrans(dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_WORD = re.compile(r"[^\W_]+")
# PostgreSQL limits words in a tsvector to 2 kB and index rows to 2.7 kB: one very long name must
# not make the whole import fail.
LONGEST_WORD = 100
LONGEST_NAME = 500
_ROMAN_UP_TO_20 = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
_ROMAN = {roman: str(n) for n, roman in enumerate(_ROMAN_UP_TO_20.split(" "), start=1)}
# Abbreviations used in the field, and Swedish words for units named in Finnish. Their long forms
# are searched in addition to the typed word as a prefix.
SHORT_FORMS = {
    "apotek": ("apteekki",),
    "halsocentral": ("terveyskeskus",),
    "halsostation": ("terveysasema",),
    "lakarstation": ("laakariasema",),
    "sjukhus": ("sairaala",),
    "valfardsomrade": ("hyvinvointialue",),
    "apt": ("apteekki", "apotek"),
    "hki": ("helsin", "helsingfors"),
    "hva": ("hyvinvointialue",),
    "hvk": ("hyvinvointikuntayhtyma",),
    "ky": ("kuntayhtyma",),
    "lkk": ("laakarikeskus",),
    "ta": ("terveysasema",),
    "tk": ("terveyskeskus",),
    "tku": ("turku", "turun", "abo"),
    "tre": ("tampere", "tammerfors"),
}


def fold(text: str) -> str:
    """*text* in lower case without diacritics and punctuation: "Åbo, VI" → "abo vi".

    Words are separated by one space, and cut after ``LONGEST_WORD`` characters.
    """
    plain = text.casefold()
    if not plain.isascii():
        parts = unicodedata.normalize("NFKD", plain.translate(_UNSEEN).translate(_STROKES))
        plain = "".join(part for part in parts if not unicodedata.combining(part))
    return " ".join(word[:LONGEST_WORD] for word in _WORD.findall(plain))


# Finnish and Swedish order: Å, Ä, Ö after Z; Ü as Y; V and W distinct (SFS 4600). Other diacritics
# are ignored.
_LAST = str.maketrans({"å": "{", "ä": "|", "ö": "}", "æ": "|", "ø": "}", "ü": "y"})


def collation_key(name: str) -> str:
    """The sort key of *name* in Finnish order, for sorting search results in Python."""
    written = " ".join(_WORD.findall(name.casefold())).translate(_LAST).translate(_STROKES)
    parts = unicodedata.normalize("NFKD", written)
    return "".join(part for part in parts if not unicodedata.combining(part))


class _FoldedWords(dict[str, str]):
    """Cache of folded words: a register of 100,000 names has only some thousand words."""

    def __missing__(self, word: str) -> str:
        if len(self) > 100_000:
            self.clear()
        self[word] = folded = fold(word)
        return folded


_FOLDED = _FoldedWords()


def fold_cached(text: str) -> str:
    """As `fold`, cached by word, for names with many common words."""
    folded = [_FOLDED[word] for word in text.split()]
    return " ".join(folded if all(folded) else filter(None, folded))


@lru_cache(maxsize=1000)
def _words_of_place(code: str, municipality: str) -> frozenset[str]:
    written = f"{municipality} {SWEDISH_NAMES.get(code, '')}"
    return frozenset(fold_cached(written).split())


def words_of(long_name: str, abbreviation: str, code: str, municipality: str) -> set[str]:
    """The folded search words of a unit, with Arabic numbers for Roman ones up to 20."""
    words = {*fold_cached(long_name).split(), *_words_of_place(code, municipality)}
    if not long_name.startswith(abbreviation):
        words.update(fold_cached(abbreviation).split())
    elif len(abbreviation) < len(long_name):  # the abbreviation may end in mid-word
        words.update(fold_cached(abbreviation.rpartition(" ")[2]).split())
    return words if words.isdisjoint(_ROMAN) else words | {_ROMAN[w] for w in words & _ROMAN.keys()}


def alternatives(word: str) -> Iterator[tuple[str, bool]]:
    """The search words for a typed *word*, each with whether it is a prefix or a whole word."""
    yield word, not word.isdigit()
    for long_form in SHORT_FORMS.get(word, ()):
        yield long_form, True
