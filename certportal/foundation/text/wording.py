"""Lazily translated sentences with values, long words, and names of languages."""

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.functional import Promise, lazystr
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
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
    return hyphenated(str(words)) if isinstance(words, Promise) else str(words)


def hyphenated(text: str) -> str:
    """Return the text with soft hyphens in long words, but in English."""
    if get_language() == "en":
        return text
    return _LONG.sub(lambda word: _SEAM.sub("\u00ad", word[0]), text)


_LONGEST = 24
"""Letters of a word from which on it is divided."""
_WORD = re.compile(
    rf"(?<![\w.@/])(?<!<wbr>)[A-ZÅÄÖa-zåäö][a-zåäö]{{{_LONGEST - 1},}}(?![\w@/]|\.(?:\w|<wbr>))"
)
"""A long word, but none of a host name."""
_WHOLE = re.compile(r"(code|pre|script|style|svg|textarea|title)\b")
"""An element in which nothing is divided."""
_SHORT_SPAN = re.compile(r"(\(\w{2,3}–)(?=\w{2,3}\))")


def divided(html: SafeString) -> SafeString:
    """Return HTML with soft hyphens in Finnish and Swedish words too long for a narrow screen.

    These are the likes of järjestelmäallekirjoitusvarmenne; hardly any name is as long. What is as
    short as (ma–pe) is not broken at its dash.
    """
    html = mark_safe(_SHORT_SPAN.sub("\\1\u2060", html))  # noqa: S308 (the HTML that was given)
    if get_language() == "en":
        return html
    parts, done = list[str](), 0
    for begin, end in _texts(html):
        for word in _WORD.finditer(html, begin, end + len("<wbr>")):
            parts += [html[done : word.start()], _SEAM.sub("\u00ad", word[0])]
            done = word.end()
    return mark_safe("".join([*parts, html[done:]]))  # noqa: S308 (the HTML that was given)


def _texts(html: str) -> Iterator[tuple[int, int]]:
    """Yield where each text begins and ends that is long enough, and not in an element kept whole.

    Split by tags: a regular expression over a page of 50 kB takes 3 ms, four times as long.
    """
    closing, begin = "", 0
    for piece in html.split("<"):
        text, end = begin + piece.find(">") + 1, begin + len(piece)
        if closing:
            closing = "" if piece.startswith(closing) else closing
        elif whole := _WHOLE.match(piece):
            closing = f"/{whole[1]}>"
        if not closing and end - text >= _LONGEST:
            yield text, end
        begin = end + 1


_JOINT = re.compile(
    r"(?<=[,@/])(?=[^\W\d_])"
    r"|(?<=[^\W_]_)(?=[^\W_])"
    r"|(?<=[^.,@/]{4}\.)(?=[^\W\d_])(?![^\W_]{1,3}(?![^\W_]|-|\.\w))"
)
"""Before a letter; but a label as short as "www" or "fi" stays with the longer one beside it."""
_NUMBERS = re.compile(r"(?<![^\W_])(?:[A-Z]{2}-)?\d{2,5}(?:-\d{2,5}){1,2}(?![^\W_])")
"""A day or an order number, as in the name of a file; browsers break them at their hyphens."""
_UNBROKEN = re.compile(rf"\S{{24,}}|{_NUMBERS.pattern}")
"""What may be wider than a narrow screen, such as a host name; and a number, to be kept whole."""


def at_joints(name: object) -> SafeString:
    """Return a name as HTML that breaks after dots, commas, slashes, underscores and @, if long.

    For names of hosts and files, addresses and distinguished names, which would else break within
    a word. A copy of the text has no trace of it. A day or a number in it is kept whole.
    """
    if isinstance(name, SafeString):  # markup
        return name
    whole = r'<span class="nowrap">\g<0></span>'

    def broken(long: re.Match[str]) -> str:
        return _NUMBERS.sub(whole, _JOINT.sub("<wbr>", long[0]))

    return mark_safe(_UNBROKEN.sub(broken, escape(str(name))))  # noqa: S308 (escaped)


_WORD_OF_MAIL = re.compile(r"\S{8,}")


def at_joints_in_mail(text: object) -> SafeString:
    """Return a text of a mail as HTML in which names break as in `at_joints`, also shorter ones.

    A table of a mail is narrow on a telephone, and a mail has no style sheet. A name that has room
    on a line of its own is not broken, and a day or a number never is.
    """
    return mark_safe(  # noqa: S308 (escaped)
        _WORD_OF_MAIL.sub(lambda word: _in_mail(word[0]), escape(str(text)))
    )


def _in_mail(word: str) -> str:
    joined = _JOINT.sub("<wbr>", word)
    shown = _NUMBERS.sub(r'<span style="white-space: nowrap">\g<0></span>', joined)
    return f'<span style="display: inline-block">{shown}</span>' if joined != word else shown


def day_words(day: str) -> str:
    """Return a stored day (ISO 8601) as the language writes it, such as 1.2.2026."""
    return date_format(date.fromisoformat(day), "SHORT_DATE_FORMAT")


def language_words(code: str) -> str:
    """Return the name of a language in the active one, as it is written within a text.

    Only English begins it with a capital; Django's Swedish names begin with one too.
    """
    name = str(get_language_info(code)["name_translated"])
    return name if get_language() == "en" else name.lower()
