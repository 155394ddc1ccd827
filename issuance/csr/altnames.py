"""The subjectAltName of a request: host names, compared with the order, and other names."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from issuance.certificate.hosts import host_problem
from issuance.csr.hosts import host_finding
from issuance.csr.subject import visible
from issuance.der import read
from issuance.findings import Finding, found

MOST_NAMES = 100
_KINDS = {
    0xA0: "otherName",
    0x81: "rfc822Name",
    0x82: "dNSName",
    0xA3: "x400Address",
    0xA4: "directoryName",
    0xA5: "ediPartyName",
    0x86: "uniformResourceIdentifier",
    0x87: "iPAddress",
    0x88: "registeredID",
}
type Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(slots=True)
class AltNames:
    """The names by type; ``others`` holds the type (such as "directoryName") of each other name."""

    dns: list[str] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.dns) + len(self.addresses) + len(self.emails) + len(self.others)


def read_alt_names(value: bytes) -> AltNames:
    """Read GeneralNames (RFC 5280 section 4.2.1.6). Raises ``read.MalformedError``."""
    names = AltNames()
    for element in read.read(value).expect(read.SEQUENCE).children():
        kind = _KINDS.get(element.tag)
        if kind == "dNSName":
            names.dns.append(_text(element.content))
        elif kind == "iPAddress":
            names.addresses.append(_address(element))
        elif kind == "rfc822Name":
            names.emails.append(visible(_text(element.content)))
        elif kind:
            names.others.append(kind)
        else:
            raise read.MalformedError("structure", element.start)
    return names


def _text(octets: bytes) -> str:
    """The text of an IA5String, which should be ASCII; in practice also UTF-8 or Latin-1."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _address(element: read.Element) -> Address:
    try:
        return ipaddress.ip_address(element.content)
    except ValueError as fault:
        raise read.MalformedError("structure", element.start) from fault


def alt_name_findings(names: AltNames, *, for_server: bool | None) -> Iterator[Finding]:
    """Findings about faults in the names, and about names that the certificate does not get."""
    if not names.count:
        yield found("san.empty")
    if names.count > MOST_NAMES:
        yield found("san.too_many", value=names.count, wanted=MOST_NAMES)
    if for_server is False:
        yield from _unused(names)
        return
    for name in names.dns[:MOST_NAMES]:
        if problem := host_problem(name):
            yield host_finding("san.host", visible(name), problem)
    yield from _address_findings(names)
    if names.emails and for_server:
        yield found("san.email_in_server", value=names.emails[:MOST_NAMES])
    others = ["rfc822Name"] * bool(names.emails and not for_server) + names.others
    if others:
        yield found("san.unused", value=sorted(set(others)))


def _unused(names: AltNames) -> Iterator[Finding]:
    """The finding about names in a request for a certificate without alternative names of hosts.

    Host names are common there, because tools add them, and stay without a word.
    """
    kinds = {"iPAddress": names.addresses, "rfc822Name": names.emails}
    unused = {*names.others, *(kind for kind, values in kinds.items() if values)}
    if unused:
        yield found("san.unused", value=sorted(unused))


def _address_findings(names: AltNames) -> Iterator[Finding]:
    shown = [str(address) for address in names.addresses[:MOST_NAMES]]
    if shown and not names.dns:
        yield found("san.ip_only", value=shown)
    if private := [str(a) for a in names.addresses[:MOST_NAMES] if not a.is_global]:
        yield found("san.ip_private", value=private)
    elif shown and names.dns:
        yield found("san.unused", value=["iPAddress"])
