r"""URL path converters.

Django's `str` accepts every character except `/`, even an encoded line end or space. Functions that
parse identifiers and codes ignore these, so the same page would have many URLs. Its `int` accepts
numbers with leading zeros, and of any length: an event about what is not found cannot store them.
"""

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter


class Word(StringConverter):
    """Text without spaces, line ends and control characters; other URLs give 404."""

    regex = r"[^/\s\x00-\x1f\x7f]+"


class Key(IntConverter):
    """The key or number of a row, no longer than one can be; other URLs give 404."""

    regex = "(?:0|[1-9][0-9]{0,18})"


register_converter(Word, "word")
register_converter(Key, "key")
