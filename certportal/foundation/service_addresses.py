"""Taking apart the addresses of other servers. They may hold a password, so no error quotes one."""

import re
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

LAST_PORT = 65535
# An IP address of version 6 stands in brackets (RFC 3986, 3.2.2).
_PLACE = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?")


def split(address: str, *, several: bool = False) -> SplitResult | None:
    """Return the parts of the address; None if it is none, or what is its password is not clear.

    Of a password that is not percent-encoded, `/`, `?` and `#` would end the part that names the
    server. Without `//` there is no such part: a password would be read as a path, which errors of
    the servers and their libraries quote. `several`: the address may name servers separated by
    commas, or none, as libpq's. The path of `unix` is a socket's, which stands alone.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if "#" in address or "@" in f"{parts.path}?{parts.query}":
        return None
    places = _places(parts)
    if not all(place and int(place[2] or 0) <= LAST_PORT for place in places):
        return None
    if parts.scheme == "unix":
        is_whole = parts.path.startswith("/") and not parts.hostname
    else:
        is_whole = f"{parts.scheme}://" == address[: len(parts.scheme) + 3].lower()
        is_whole = is_whole and (several or (len(places) == 1 and bool(parts.hostname)))
    return parts if is_whole else None


def hosts_and_ports(parts: SplitResult) -> tuple[str, str]:
    """Return the servers and their ports, each separated by commas; empty if there are none.

    libpq takes them so, and a host that is a directory with a socket, which is percent-encoded in
    the address (PostgreSQL's manual, 34.1.1.2).
    """
    places = [place for place in _places(parts) if place]
    ports = [place[2] or "" for place in places]
    hosts = ",".join(unquote(place[1].strip("[]")) for place in places)
    return hosts, ",".join(ports) if any(ports) else ""


def query_of(parts: SplitResult) -> dict[str, str]:
    """Return the parameters; the last one of a name counts. A `+` is no space, as for libpq."""
    found = parse_qs(parts.query.replace("+", "%2B"))
    return {name: values[-1] for name, values in found.items()}


def _places(parts: SplitResult) -> list[re.Match[str] | None]:
    """Return host and port of each server, None for one that is neither a name nor an address."""
    return [_PLACE.fullmatch(place) for place in parts.netloc.rpartition("@")[2].split(",")]
