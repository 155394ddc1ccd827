"""Where a request comes from: the peer, or the visitor whom a trusted proxy speaks for."""

from ipaddress import IPv4Address, IPv6Address, IPv6Interface, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

type Address = IPv4Address | IPv6Address


def address_of(request: HttpRequest) -> str:
    """Return the visitor's IP address, or empty where the peer is a socket of this machine.

    X-Forwarded-For is believed from the proxies of ``TRUSTED_PROXIES`` alone, and read from the
    right: each proxy appends whom it heard, so what a visitor invents stands further left.
    """
    nearest = read(request.META.get("REMOTE_ADDR", ""))
    if nearest is None:
        return ""
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while is_trusted(nearest) and hops:
        before = read(hops.pop())
        if before is None:
            break
        nearest = before
    return str(nearest)


def neighbourhood(address: str) -> str:
    """Return what stands for one visitor: the IPv4 address, or the /64 an IPv6 address lies in.

    Whoever has one IPv6 address has 2^64 of them (RFC 6177): counted singly, a limit is none.
    """
    known = read(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Interface((known, 64)).network)
    return address


def is_trusted(address: Address) -> bool:
    """Whether the address is one of the operator's own proxies."""
    return any(address in ip_network(network) for network in settings.TRUSTED_PROXIES)


def read(value: str) -> Address | None:
    """Return the address that is written, IPv4 even where written as IPv6; None if it is none."""
    try:
        address = ip_address(value.strip())
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
