"""Lazily translated sentences with values, long words, and names of languages."""

import re
from typing import TYPE_CHECKING

from django.utils.functional import Promise, lazystr
from django.utils.translation import get_language, get_language_info

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


class _Filled:
    def __init__(self, words: "_StrOrPromise", values: dict[str, object]) -> None:
        self.words, self.values = words, values

    def __str__(self) -> str:
        return str(self.words) % self.values


def filled(words: "_StrOrPromise", **values: object) -> "_StrOrPromise":
    """Return the lazily translated words with `%(name)s` replaced by the values."""
    return lazystr(_Filled(words, values))


_LONG = re.compile(r"\w{15,}")
# Before a consonant and a vowel, not next to an end of the word: so Finnish and Swedish divide.
_SEAM = re.compile(r"(?<=\w{3})(?=[bcdfghjklmnpqrstvwxz][aeiouyåäö]\w\w)")


def breakable(words: object) -> str:
    """Return the translated text with soft hyphens in long Finnish and Swedish words.

    Browsers have no Finnish hyphenation of their own, and not all have the Swedish one. Names of a
    register are left as they are, since people copy them.
    """
    if get_language() == "en" or not isinstance(words, Promise):
        return str(words)
    return _LONG.sub(lambda word: _SEAM.sub("\u00ad", word[0]), str(words))


def language_words(code: str) -> str:
    """Return the name of a language in the active one, as it is written within a text.

    Only English begins it with a capital; Django's Swedish names begin with one too.
    """
    name = str(get_language_info(code)["name_translated"])
    return name if get_language() == "en" else name.lower()
