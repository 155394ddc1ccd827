"""Looking up, in the DNS, the record by which an organisation shows that it controls a domain.

The resolvers validate DNSSEC and are asked over a path that nobody else can write to, such as
loopback: their word that an answer is secure (the AD bit, RFC 4035 section 3.2.3) is believed. Each
of them must find the record.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

from applications.rules import domain_record
from applications.rules.domain_record import Look, Outcome
from certportal.foundation.errors import Unavailable
from issuance.certificate.hosts import LONGEST_NAME

SECONDS_PER_QUERY = 3
SECONDS_PER_HOST = 6
SOURCE = "dns"
"""The name of the DNS as a source that checks wait for."""

_ANSWERED = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}


@dataclass(frozen=True, slots=True)
class _Answer:
    values: list[str]
    is_secure: bool
    is_bogus: bool = False


def look(
    host: str, organisation_id: UUID, *, issuer: str, resolvers: Sequence[tuple[str, int]], on: date
) -> Look:
    """Return what each resolver agrees on for the host; of different answers, the worst.

    `issuer`: the name of this authority in the record. `resolvers`: addresses and ports.
    Raises Unavailable if a resolver does not answer in time, refuses, or cannot reach the zone.
    """
    ends = time.monotonic() + SECONDS_PER_HOST
    order = list(Outcome)
    looks = [_at(one, host, organisation_id, issuer, on, ends) for one in resolvers]
    worst = max(looks, key=lambda each: order.index(each.outcome))
    caa = _caa(resolvers[0], host, ends) if worst.outcome is Outcome.PROVEN else []
    return Look(
        outcome=worst.outcome,
        place=worst.place,
        record=worst.record,
        is_secure=all(each.is_secure for each in looks),
        caa=caa,
        resolvers=[f"{address} {port}" for address, port in resolvers],
    )


def _at(
    resolver: tuple[str, int], host: str, organisation_id: UUID, issuer: str, on: date, ends: float
) -> Look:
    """Return the best that one resolver finds at the host's name and those above it."""
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
        if order.index(outcome) < order.index(best.outcome):
            best = Look(outcome, place, value, answer.is_secure)
        if outcome is Outcome.PROVEN:
            break
    return best


def _caa(resolver: tuple[str, int], host: str, ends: float) -> list[str]:
    """Return the nearest set of CAA records; none if the DNS cannot tell: nothing rests on it."""
    try:
        for place in domain_record.places(host):
            if values := _ask(resolver, place, "CAA", ends).values:
                return values
    except Unavailable:
        pass
    return []


def _ask(resolver: tuple[str, int], name: str, kind: str, ends: float) -> _Answer:
    if len(name) > LONGEST_NAME:  # no record can stand there
        return _Answer([], is_secure=False)
    response = _query(resolver, name, kind, ends)
    if response.rcode() == dns.rcode.SERVFAIL:
        # Asked not to validate, a resolver answers if validation is what failed (RFC 4035, 3.2.2).
        unchecked = _query(resolver, name, kind, ends, dns.flags.CD)
        if unchecked.rcode() in _ANSWERED:
            return _Answer([], is_secure=False, is_bogus=True)
    if response.rcode() not in _ANSWERED:
        raise Unavailable(SOURCE)
    return _Answer(_values(response, kind), is_secure=bool(response.flags & dns.flags.AD))


def _query(
    resolver: tuple[str, int], name: str, kind: str, ends: float, flags: int = 0
) -> dns.message.Message:
    left = ends - time.monotonic()
    if left <= 0:
        raise Unavailable(SOURCE)
    query = dns.message.make_query(name, kind, want_dnssec=True)
    query.flags |= dns.flags.AD | flags
    try:
        response, _over_tcp = dns.query.udp_with_fallback(
            query,
            resolver[0],
            timeout=min(SECONDS_PER_QUERY, left),
            port=resolver[1],
            ignore_unexpected=True,
        )
    except (dns.exception.DNSException, OSError) as error:
        raise Unavailable(SOURCE) from error
    return response


def _values(response: dns.message.Message, kind: str) -> list[str]:
    """Return the records of the kind in the answer, after aliases; TXT strings are joined.

    A text with other characters than those of printable ASCII is none of ours.
    """
    wanted = dns.rdatatype.from_text(kind)
    records = [one for found in response.answer if found.rdtype == wanted for one in found]
    if wanted == dns.rdatatype.TXT:
        joined = [b"".join(one.strings) for one in records]
        texts = [one.decode() for one in joined if one.isascii()]
        return [one for one in texts if one.isprintable() or one.replace("\t", " ").isprintable()]
    return [one.to_text() for one in records]
