r"""Converters of URLs: text that may stand in an address of ours.

Django's `str` takes every character but `/`, also an encoded line end or blank, which what reads
identifiers and codes forgives; so the same page would have many addresses.
"""

from django.urls import register_converter
from django.urls.converters import StringConverter


class Word(StringConverter):
    """Text without blanks, line ends and control characters; other addresses give 404."""

    regex = r"[^/\s\x00-\x1f\x7f]+"


register_converter(Word, "word")
