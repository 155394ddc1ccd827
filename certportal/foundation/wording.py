"""Lazily translated sentences with values."""

from typing import TYPE_CHECKING

from django.utils.functional import lazystr

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
