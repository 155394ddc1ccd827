"""DNS lookup of the record by which an organisation proves control of a domain.

The resolvers validate DNSSEC and must be reached over a trusted path such as loopback, because the
AD bit of their answers (RFC 4035 section 3.2.3) is trusted. Every resolver must find the record.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype

from applications.rules import domain_record
from applications.rules.domain_record import Look, Outcome
from certportal.foundation.errors import Unavailable
from issuance.certificate.hosts import LONGEST_NAME

SECONDS_PER_QUERY = 3
SECONDS_PER_HOST = 6
SOURCE = "dns"
"""The name of the DNS as a source that checks wait for."""

_COMPARED = {dns.rdatatype.CNAME, dns.rdatatype.TXT}
_ANSWERED = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}


@dataclass(frozen=True, slots=True)
class _Answer:
    """`own`: the records at the name asked for itself, before any alias is followed (`_own`)."""

    values: list[str]
    is_secure: bool
    is_bogus: bool = False
    own: frozenset[dns.rdata.Rdata] = frozenset()


def look(
    host: str, organisation_id: UUID, *, issuer: str, resolvers: Sequence[tuple[str, int]], on: date
) -> Look:
    """Return the result for the host; if resolvers differ, the worst of their results.

    A record without subdomains is worse than one with them.
    `issuer`: the name of this authority in the record. `resolvers`: addresses and ports.
    Raises Unavailable if a resolver does not answer in time, refuses, or cannot reach the zone.
    """
    ends = time.monotonic() + SECONDS_PER_HOST
    order = list(Outcome)
    looks = [_at(resolver, host, organisation_id, issuer, on, ends) for resolver in resolvers]
    worst = max(looks, key=lambda one: (order.index(one.outcome), not one.subdomains))
    caa = _caa(resolvers[0], host, ends) if worst.outcome is Outcome.PROVEN else []
    return Look(
        outcome=worst.outcome,
        place=worst.place,
        record=worst.record,
        is_secure=all(result.is_secure for result in looks),
        caa=caa,
        resolvers=[f"{address} {port}" for address, port in resolvers],
    )


def says_secure(resolver: tuple[str, int], zone: str) -> bool:
    """Whether the resolver has validated what it answers about the signed zone.

    Raises Unavailable if it does not answer in time, refuses, or cannot reach the zone.
    """
    return _ask(resolver, zone, "SOA", time.monotonic() + SECONDS_PER_QUERY).is_secure


def _at(
    resolver: tuple[str, int], host: str, organisation_id: UUID, issuer: str, on: date, ends: float
) -> Look:
    """Return a resolver's best result for the host's name and its parents."""
    best = Look(Outcome.ABSENT)
    order = list(Outcome)
    for place in domain_record.places(host):
        answer = _ask(resolver, f"{domain_record.LABEL}.{place}", "TXT", ends)
        if answer.is_bogus:
            return Look(Outcome.BOGUS, place)
        outcome, value = domain_record.judge(
            answer.values,
            issuer=issuer,
            organisation_id=organisation_id,
            is_above=place != host,
            on=on,
        )
        if outcome is not Outcome.ABSENT and _is_from_wildcard(resolver, place, answer, ends):
            continue
        if order.index(outcome) < order.index(best.outcome):
            best = Look(outcome, place, value, answer.is_secure)
        if outcome is Outcome.PROVEN:
            break
    return best


def _is_from_wildcard(resolver: tuple[str, int], place: str, found: _Answer, ends: float) -> bool:
    """Whether a name at the place that nobody can know has what the record's name has.

    Then a wildcard such as `*.example.fi` gives it, which is meant for other purposes: whoever
    runs the host that it is an alias of could prove control of the whole domain. Likewise a DNAME
    of the place (RFC 6672), whose target has the names below the place and not its own. Only the
    records of the place itself are compared, since the alias's target may answer differently each
    time; where a DNAME above leads elsewhere, those there, since a wildcard may give these.
    """
    sibling = _ask(resolver, f"_{secrets.token_hex(7)}.{place}", "TXT", ends)
    return sibling.is_bogus or not found.own.isdisjoint(sibling.own)


def _caa(resolver: tuple[str, int], host: str, ends: float) -> list[str]:
    """Return the nearest set of CAA records (not enforced); [] if the lookup fails."""
    try:
        for place in domain_record.places(host):
            if values := _ask(resolver, place, "CAA", ends).values:
                return values
    except Unavailable:
        pass
    return []


def _ask(resolver: tuple[str, int], name: str, kind: str, ends: float) -> _Answer:
    if len(name) > LONGEST_NAME:  # longer than any name in the DNS
        return _Answer([], is_secure=False)
    response = _query(resolver, name, kind, ends)
    if response.rcode() == dns.rcode.SERVFAIL:
        # With CD set, the resolver answers if only validation had failed (RFC 4035, 3.2.2).
        unchecked = _query(resolver, name, kind, ends, dns.flags.CD)
        if unchecked.rcode() in _ANSWERED:
            return _Answer([], is_secure=False, is_bogus=True)
    if response.rcode() not in _ANSWERED:
        raise Unavailable(SOURCE)
    is_secure = bool(response.flags & dns.flags.AD)
    return _Answer(
        _values(response, kind),
        is_secure,
        own=frozenset(_own(response, dns.name.from_text(name))),
    )


def _own(response: dns.message.Message, name: dns.name.Name) -> Iterator[dns.rdata.Rdata]:
    """Yield the records at the name, or at that which DNAMEs above make of it, and such a DNAME of
    the very name above, which makes aliases of all names below.
    """
    for rrset in response.answer:
        # As the DNS compares names: the capital letters of an alias are ignored.
        is_below = name != rrset.name and name.is_subdomain(rrset.name)
        if rrset.rdtype == dns.rdatatype.DNAME and is_below:
            yield from rrset if rrset.name == name.parent() else ()
            try:
                name = name.relativize(rrset.name).derelativize(rrset[0].target)
            except dns.name.NameTooLong:  # it leads nowhere (RFC 6672, 2.2: YXDOMAIN)
                return
        elif rrset.name == name and rrset.rdtype in _COMPARED:
            yield from rrset


def _query(
    resolver: tuple[str, int], name: str, kind: str, ends: float, flags: int = 0
) -> dns.message.Message:
    seconds_left = ends - time.monotonic()
    if seconds_left <= 0:
        raise Unavailable(SOURCE)
    query = dns.message.make_query(name, kind, want_dnssec=True)
    query.flags |= dns.flags.AD | flags
    try:
        response, _over_tcp = dns.query.udp_with_fallback(
            query,
            resolver[0],
            timeout=min(SECONDS_PER_QUERY, seconds_left),
            port=resolver[1],
            ignore_unexpected=True,
        )
    except (dns.exception.DNSException, EOFError, OSError) as error:  # EOFError: it hung up
        raise Unavailable(SOURCE) from error
    return response


def _values(response: dns.message.Message, kind: str) -> list[str]:
    """Return the records of the kind in the answer, following aliases; TXT strings are joined.

    TXT records with other characters than printable ASCII are ignored.
    """
    rdtype = dns.rdatatype.from_text(kind)
    records = [record for rrset in response.answer if rrset.rdtype == rdtype for record in rrset]
    if rdtype == dns.rdatatype.TXT:
        joined = [b"".join(record.strings) for record in records]
        texts = [text.decode() for text in joined if text.isascii()]
        return [text for text in texts if text.replace("\t", " ").isprintable()]
    return [record.to_text() for record in records]
