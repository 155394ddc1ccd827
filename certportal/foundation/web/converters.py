r"""URL path converters.

Django's `str` accepts every character except `/`, even an encoded line end or space. Functions that
parse identifiers and codes ignore these, so the same page would have many URLs.
"""

from django.urls import register_converter
from django.urls.converters import StringConverter


class Word(StringConverter):
    """Text without spaces, line ends and control characters; other URLs give 404."""

    regex = r"[^/\s\x00-\x1f\x7f]+"


register_converter(Word, "word")
