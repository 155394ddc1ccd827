"""The visitor's network address: that of the peer, or one forwarded by a trusted proxy.

Only forwarded addresses of proxies in `TRUSTED_PROXIES` are trusted. A peer on a Unix socket has no
address; a proxy that connects through it is listed as `unix`.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Interface, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

type Address = IPv4Address | IPv6Address

UNIX = "unix"
"""In `TRUSTED_PROXIES`: any peer that connects through the service's socket file."""
FORWARDED_PROTO = "HTTP_X_FORWARDED_PROTO"


class ForwardedScheme:
    """Removes X-Forwarded-Proto from requests that do not come from a trusted proxy.

    Must precede middleware that asks for the scheme. Django's SECURE_PROXY_SSL_HEADER trusts every
    peer, so a visitor who bypasses the proxy could get https-only content over plain http.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request without the header, unless a trusted proxy sent it."""
        peer = read(request.META.get("REMOTE_ADDR", ""))
        if not (is_trusted(peer) if peer else is_trusted_socket(request)):
            request.META.pop(FORWARDED_PROTO, None)
        return self.get_response(request)


def address_of(request: HttpRequest) -> str:
    """Return the visitor's IP address; empty for a socket peer that forwards no address.

    X-Forwarded-For is believed only from ``TRUSTED_PROXIES`` and read from the right: each proxy
    appends its peer's address, so forged entries are further left.
    """
    nearest = read(request.META.get("REMOTE_ADDR", ""))
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while hops and (is_trusted(nearest) if nearest else is_trusted_socket(request)):
        before = read(hops.pop())
        if before is None:
            break
        nearest = before
    return str(nearest or "")


def neighbourhood(address: str) -> str:
    """Return the key for rate limits: the IPv4 address, or the /64 network of an IPv6 address.

    A site is assigned at least a /64 (RFC 6177), so limiting single IPv6 addresses has no effect.
    """
    known = read(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Interface((known, 64)).network)
    return address


def is_trusted(address: Address) -> bool:
    networks = (each for each in settings.TRUSTED_PROXIES if each != UNIX)
    return any(address in ip_network(network) for network in networks)


def is_trusted_socket(request: HttpRequest) -> bool:
    """Whether the request came through the socket file and `unix` is trusted."""
    return not request.META.get("REMOTE_ADDR") and UNIX in settings.TRUSTED_PROXIES


def read(value: str) -> Address | None:
    """Return the parsed address, IPv4-mapped IPv6 as IPv4; None if it is not an address."""
    try:
        address = ip_address(value.strip())
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
