"""Lazily translated sentences with values, and names of languages."""

from typing import TYPE_CHECKING

from django.utils.functional import lazystr
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


def language_words(code: str) -> str:
    """Return the name of a language in the active one, as it is written within a text.

    Only English begins it with a capital; Django's Swedish names begin with one too.
    """
    name = str(get_language_info(code)["name_translated"])
    return name if get_language() == "en" else name.lower()
