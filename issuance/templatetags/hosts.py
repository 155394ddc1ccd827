"""What templates need to show host names."""

from django import template

from issuance.certificate import hosts

register = template.Library()


@register.filter
def with_unicode(value: str | list[str]) -> str | list[str]:
    """The host name, or each of several, with its Unicode form behind it where that differs."""
    if isinstance(value, str):
        return hosts.with_unicode(value)
    return [hosts.with_unicode(name) for name in value]
