"""Template filters for host names and algorithms."""

from django import template

from issuance.certificate import hosts
from issuance.wording.algorithms import algorithm_words

register = template.Library()


@register.filter
def with_unicode(value: str | list[str]) -> str | list[str]:
    """The host name, or each of a list, followed by its Unicode form if that differs."""
    if isinstance(value, str):
        return hosts.with_unicode(value)
    return [hosts.with_unicode(name) for name in value]


@register.filter
def in_words(algorithm: str) -> str:
    """The name of a signature's algorithm, as reports store it, in the active language."""
    return algorithm_words(algorithm)
