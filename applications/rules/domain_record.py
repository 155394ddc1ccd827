"""The DNS record by which an organisation proves control of a domain. Pure functions.

The record is a TXT record at `_sote-validation.<name>`, in the syntax of the value of a CAA issue
property (RFC 8659 section 4.2):

    dvv.fi; account=0123456789abcdef0123456789abcdef; until=2027-11-30; scope=subdomains

`account` is the organisation's identifier in this service. `until`, the last day on which the
record counts, and `scope` may be absent. Only with `scope=subdomains` does it count for names below
`<name>`. The record stays in the DNS: it is looked up again before each signature that rests on it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from issuance.certificate.hosts import registrable

LABEL = "_sote-validation"
SUBDOMAINS = "subdomains"

_WSP = " \t"
_ISSUER = re.compile(r"[^;, \t]*")
_ACCOUNT = re.compile(r"[0-9A-Fa-f]{32}\Z")
_PARAMETER = re.compile(
    r"(?P<tag>[A-Za-z0-9](?:-*[A-Za-z0-9])*)[ \t]*=[ \t]*(?P<value>[\x21-\x3a\x3c-\x7e]*)\Z"
)


class Outcome(StrEnum):
    """The result of looking up the record; of several records, the first in this list counts."""

    PROVEN = "proven"
    EXPIRED = "expired"
    """Its last day has passed."""
    NO_SUBDOMAINS = "no_subdomains"
    """The record is at a parent name and lacks `scope=subdomains`."""
    OTHER_ACCOUNT = "other_account"
    UNREADABLE = "unreadable"
    """The record names this service but has a syntax error."""
    ABSENT = "absent"
    BOGUS = "bogus"
    """The answer fails DNSSEC validation, so it must not be used."""
    UNANSWERED = "unanswered"
    """The zone's name servers, or the resolver, did not answer."""


@dataclass(frozen=True, slots=True)
class Record:
    """A parsed TXT record: the issuer's name, and parameters by tag in lower case."""

    issuer: str
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """The result of a lookup for a host.

    `place`: the name that has the record, without the label. `is_secure`: every answer was
    validated with DNSSEC from the root; otherwise the zone is unsigned. `caa`: the CAA records
    relevant for the host (RFC 8659 section 3), as text; they are stored but not enforced.
    """

    outcome: Outcome
    place: str = ""
    record: str = ""
    is_secure: bool = False
    caa: list[str] = field(default_factory=list)
    resolvers: list[str] = field(default_factory=list)

    @property
    def subdomains(self) -> bool:
        return covers_subdomains(read(self.record))


def account_of(organisation_id: UUID) -> str:
    """Return the organisation's identifier in the record; it does not reveal the organisation."""
    return organisation_id.hex


def text(issuer: str, organisation_id: UUID, *, subdomains: bool) -> str:
    """Return the record that the organisation is asked to publish."""
    parts = [issuer, f"account={account_of(organisation_id)}"]
    if subdomains:
        parts.append(f"scope={SUBDOMAINS}")
    return "; ".join(parts)


def places(host: str) -> list[str]:
    """Return the names that may have a record for the host, nearest first.

    The last one is the registrable domain, directly below a public suffix or a shared suffix such
    as `github.io`: the holder of a suffix does not control the names below it.
    """
    top = registrable(host)
    if top is None:
        return []
    labels = host.split(".")
    names = [".".join(labels[at:]) for at in range(len(labels))]
    return names[: names.index(top) + 1]


def read(value: str) -> Record | None:
    """Return the parsed record; None for a syntax error.

    Unknown tags are kept, because RFC 8659 lets each issuer define its own; a repeated tag is an
    error.
    """
    issuer, *fields = value.strip(_WSP).split(";")
    parts = [part.strip(_WSP) for part in fields]
    if parts and not parts[-1]:  # a final semicolon
        parts.pop()
    parameters: dict[str, str] = {}
    for part in parts:
        match = _PARAMETER.match(part)
        if match is None or match["tag"].lower() in parameters:
            return None
        parameters[match["tag"].lower()] = match["value"]
    return Record(issuer.strip(_WSP).lower(), parameters)


def judge(
    values: Iterable[str], *, issuer: str, organisation_id: UUID, is_above: bool, on: date
) -> tuple[Outcome, str]:
    """Return the outcome of the TXT records at a name, and the record that decided it.

    `is_above`: the name is a parent of the host for which they were looked up.
    """
    results = [(_judged(value, issuer, organisation_id, is_above, on), value) for value in values]
    order = list(Outcome)
    relevant = [result for result in results if result[0] is not Outcome.ABSENT]
    return min(relevant, key=lambda result: order.index(result[0]), default=(Outcome.ABSENT, ""))


def _judged(value: str, issuer: str, organisation_id: UUID, is_above: bool, on: date) -> Outcome:
    named = _ISSUER.match(value.strip(_WSP))
    if named is None or named[0].lower() != issuer:
        return Outcome.ABSENT
    record = read(value)
    account = record.parameters.get("account", "") if record else ""
    # A zone file without quotation marks leaves the issuer alone: a semicolon begins a comment.
    if record is None or record.issuer != issuer or not _ACCOUNT.match(account):
        return Outcome.UNREADABLE
    if account.lower() != account_of(organisation_id):
        return Outcome.OTHER_ACCOUNT
    if (until := record.parameters.get("until")) is not None:
        try:
            last = date.fromisoformat(until)
        except ValueError:
            return Outcome.UNREADABLE
        if last < on:
            return Outcome.EXPIRED
    if is_above and not covers_subdomains(record):
        return Outcome.NO_SUBDOMAINS
    return Outcome.PROVEN


def covers_subdomains(record: Record | None) -> bool:
    return record is not None and record.parameters.get("scope", "").lower() == SUBDOMAINS
