"""Template filters for host names and algorithms."""

from django import template
from django.utils.translation import gettext as _

from issuance.certificate import hosts

register = template.Library()


@register.filter
def with_unicode(value: str | list[str]) -> str | list[str]:
    """The host name, or each of a list, followed by its Unicode form if that differs."""
    if isinstance(value, str):
        return hosts.with_unicode(value)
    return [hosts.with_unicode(name) for name in value]


@register.filter
def in_words(algorithm: str) -> str:
    """A signature's algorithm as reports store it, "RSA with SHA-256", in the active language."""
    kind, joined, digest = algorithm.partition(" with ")
    return _("%(kind)s with %(digest)s") % {"kind": kind, "digest": digest} if joined else algorithm
