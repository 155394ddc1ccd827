"""Folding of names and queries so that "hels apt 6" and "Åbo" find what people mean."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from accounts.register.municipalities import SWEDISH_NAMES

# Letters that NFKD leaves whole although people type them without the stroke.
_STROKES = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ŋ": "n", "ŧ": "t"})
# What typesetting puts into a word without parting it: soft hyphens, joiners, marks of direction.
_UNSEEN = str.maketrans(dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_WORD = re.compile(r"[^\W_]+")
# PostgreSQL takes words of 2 kB into a tsvector, and rows of 2.7 kB into an index: one absurd name
# must not keep the whole register out.
LONGEST_WORD = 100
LONGEST_NAME = 500
_ROMAN_UP_TO_20 = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
_ROMAN = {roman: str(n) for n, roman in enumerate(_ROMAN_UP_TO_20.split(" "), start=1)}
# What people of the field type for short, and Swedish words for units that are named in Finnish.
# Each stands beside the beginning of a word that it is anyway.
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
    """*text* in lower case without marks, words parted by one blank: "Åbo, VI" → "abo vi".

    A word of more than 100 letters is cut.
    """
    parts = unicodedata.normalize("NFKD", text.casefold().translate(_UNSEEN).translate(_STROKES))
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    return " ".join(word[:LONGEST_WORD] for word in _WORD.findall(plain))


# Finnish and Swedish sort Å, Ä, Ö after Z and Ü as Y, V and W apart (SFS 4600); other marks do not
# matter.
_LAST = str.maketrans({"å": "{", "ä": "|", "ö": "}", "æ": "|", "ø": "}", "ü": "y"})


def collation_key(name: str) -> str:
    """What *name* is sorted by among the few that are shown, as Finns sort."""
    written = " ".join(_WORD.findall(name.casefold())).translate(_LAST).translate(_STROKES)
    parts = unicodedata.normalize("NFKD", written)
    return "".join(part for part in parts if not unicodedata.combining(part))


class _FoldedWords(dict[str, str]):
    """Folds each written word once: a register of 100,000 names has some thousand words."""

    def __missing__(self, word: str) -> str:
        if len(self) > 100_000:
            self.clear()
        self[word] = folded = fold(word)
        return folded


_FOLDED = _FoldedWords()


def fold_cached(text: str) -> str:
    """As `fold`, for names whose words come again and again."""
    folded = [_FOLDED[word] for word in text.split()]
    return " ".join(folded if all(folded) else filter(None, folded))


@lru_cache(maxsize=1000)
def _words_of_place(code: str, municipality: str) -> frozenset[str]:
    written = f"{municipality} {SWEDISH_NAMES.get(code, '')}"
    return frozenset(fold_cached(written).split())


def words_of(long_name: str, abbreviation: str, code: str, municipality: str) -> set[str]:
    """The words that a unit is found by."""
    words = {*fold_cached(long_name).split(), *_words_of_place(code, municipality)}
    if not long_name.startswith(abbreviation):
        words.update(fold_cached(abbreviation).split())
    elif len(abbreviation) < len(long_name):  # it may end in the middle of a word
        words.update(fold_cached(abbreviation.rpartition(" ")[2]).split())
    return words if words.isdisjoint(_ROMAN) else words | {_ROMAN[w] for w in words & _ROMAN.keys()}


def alternatives(word: str) -> Iterator[tuple[str, bool]]:
    """What a typed *word* may stand for, and whether each is a beginning or the whole word."""
    yield word, not word.isdigit()
    for long_form in SHORT_FORMS.get(word, ()):
        yield long_form, True
