"""An address holds no blank and no line end: one page has one address."""

from collections.abc import Iterator

import pytest
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.urls.converters import StringConverter

from accounts.register.identifiers import is_oid, provider_oid


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one)
        else:
            yield one


def test_no_address_takes_whatever_text_comes():
    taking = [
        one.name
        for one in patterns(get_resolver())
        for converter in one.pattern.converters.values()
        if type(converter) is StringConverter
    ]
    assert not taking


@pytest.mark.parametrize("odd", ["\n", "\r", "\t", " ", "\x00", "\u2028", "\x7f"])
def test_a_line_end_or_blank_in_an_address_is_of_no_page(odd):
    assert resolve("/fi/account/organisation/found/9900001-8/").view_name == "accounts:confirm"
    for bad in ("9900001-8" + odd, odd + "9900001-8", "990" + odd + "0001-8"):
        with pytest.raises(Resolver404):
            resolve(f"/fi/account/organisation/found/{bad}/")


def test_an_identifier_with_a_line_end_is_none():
    unit = "1.2.246.10.99000018.10.0"
    assert is_oid(unit) and provider_oid(unit) == unit
    assert not is_oid(unit + "\n")
    assert provider_oid(unit + "\n") is None
