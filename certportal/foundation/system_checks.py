"""What must hold of the way requests reach the service."""

from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def proxies_can_be_read(**_: Any) -> list[CheckMessage]:
    """Every trusted proxy is an address or a network; a mistyped one would fail each request."""
    return [
        Error(f"TRUSTED_PROXIES: {fault}.", id="foundation.E002")
        for fault in map(_fault, settings.TRUSTED_PROXIES)
        if fault
    ]


@register(Tags.security, deploy=True)
def visitors_are_told_apart(**_: Any) -> list[CheckMessage]:
    """Behind a proxy that is not named every visitor would be the proxy: one limit for all."""
    if settings.TRUSTED_PROXIES or not settings.PRODUCTION:
        return []
    hint = "Set TRUSTED_PROXIES to the addresses of the proxies that speak https for the service."
    return [Error("No proxy is trusted.", hint=hint, id="foundation.E001")]


def _fault(network: str) -> str:
    try:
        whole_world = ip_network(network).prefixlen == 0
    except ValueError as error:
        return str(error)
    return f"{network} is the whole world" if whole_world else ""
